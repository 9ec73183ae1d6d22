package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// openSQL opens the database in a directory without a store.
func openSQL(t testing.TB, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// texts returns the first column of the rows of a query.
func texts(t testing.TB, db *sql.DB, query string, args ...any) (list []string) {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

// DropCaches changes no data. While one read connection is in use, DropCaches shrinks the caches of
// the other connections and does not wait for the one in use.
func TestDropCaches(t *testing.T) {
	s := openDir(t, t.TempDir())
	insertUser(t, s, localUser("a@example.org"))
	if err := s.DropCaches(t.Context()); err != nil {
		t.Fatal(err)
	}
	insertUser(t, s, localUser("b@example.org"))
	wantUsers(t, s, "a@example.org", "b@example.org")

	release := sqlstore.TakeReader(t, s)
	wantErr(t, "DropCaches while a reader is in use", s.DropCaches(t.Context()), nil)
	release()
	wantErr(t, "DropCaches", s.DropCaches(t.Context()), nil)
	wantUsers(t, s, "a@example.org", "b@example.org")
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	insertUser(t, openDir(t, dir), localUser("a@example.org"))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files { // the database and SQLite's files next to it
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		want(t, "mode of "+f.Name(), info.Mode(), fs.FileMode(0o600))
	}
	if _, err := os.Stat(filepath.Join(dir, sqlite.DatabaseFile)); err != nil {
		t.Error(err)
	}
}

func TestSQLiteReopened(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		s, err := sqlstore.OpenSQLite(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		want(t, "id", insertUser(t, s, localUser(fmt.Sprintf("%d@example.org", i))).ID, int64(i+1))
		wantErr(t, "Ping", s.Ping(t.Context()), nil)
		wantErr(t, "Close", s.Close(), nil)
	}
	db := openSQL(t, dir)
	want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
	want(t, "violated foreign keys", len(texts(t, db, "PRAGMA foreign_key_check")), 0)
}

func TestSQLiteDirectories(t *testing.T) {
	for _, name := range []string{"with space", "50%20", "a?b=c&d", "a#b", "ключ🔑", "a:b", "-flag", "quote'\"",
		"_pragma=query_only(1)"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			insertUser(t, openDir(t, dir), localUser("a@example.org"))
			info, err := os.Stat(filepath.Join(dir, sqlite.DatabaseFile+"-wal"))
			if err != nil || info.Size() == 0 {
				t.Errorf("the database is not in the directory: %v", err)
			}
		})
	}
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		insertUser(t, openDir(t, "."), localUser("a@example.org"))
	})
	t.Run("missing", func(t *testing.T) {
		_, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "missing"))
		wantErr(t, "OpenSQLite", err, fs.ErrNotExist)
	})
}

func TestOpenExistingSQLite(t *testing.T) {
	dir := t.TempDir()
	_, err := sqlstore.OpenExistingSQLite(t.Context(), dir)
	wantErr(t, "an empty directory", err, fs.ErrNotExist)
	files, _ := os.ReadDir(dir)
	want(t, "created files", len(files), 0)
	if err := os.WriteFile(filepath.Join(dir, sqlite.DatabaseFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.OpenExistingSQLite(t.Context(), dir)
	wantErr(t, "a database without a schema", err, sqldb.ErrOlderSchema)
	insertUser(t, openDir(t, dir), localUser("a@example.org"))
	s, err := sqlstore.OpenExistingSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantUsers(t, s, "a@example.org")
	wantErr(t, "Close", s.Close(), nil)
}

func TestSQLiteOpenedByManyAtOnce(t *testing.T) {
	for round := range 4 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			stores := make([]*sqlstore.Store, 6)
			for i, err := range gather(len(stores), func(i int) (err error) {
				stores[i], err = sqlstore.OpenSQLite(t.Context(), dir)
				return err
			}) {
				if err != nil {
					t.Errorf("store %d: %v", i, err)
					continue
				}
				insertUser(t, stores[i], localUser(fmt.Sprintf("%d@example.org", i)))
				wantErr(t, "Close", stores[i].Close(), nil)
			}
		})
	}
}

func TestSQLiteNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	insertUser(t, s, localUser("a@example.org"))
	wantErr(t, "Close", s.Close(), nil)
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	before := fileHash(t, dir)
	_, err = sqlstore.OpenSQLite(t.Context(), dir)
	wantErr(t, "OpenSQLite", err, sqldb.ErrNewerSchema)
	want(t, "the file", fileHash(t, dir), before)
}

func fileHash(t *testing.T, dir string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func TestSQLiteOfAnotherFormat(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, sqlite.DatabaseFile)
	text := "This is a text and not a database. It must be longer than the header of a page of SQLite."
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := sqlstore.OpenSQLite(t.Context(), dir); err == nil {
		t.Error("it was opened")
		_ = s.Close()
	}
	data, _ := os.ReadFile(path)
	want(t, "the file", string(data), text)
}

func TestSQLiteReadersCannotWrite(t *testing.T) {
	s := openDir(t, t.TempDir())
	insertUser(t, s, localUser("a@example.org"))
	err := sqlstore.ExecOutside(context.Background(), s, "DELETE FROM users")
	want(t, "code", account.ErrorCode(err), account.CodeUnavailable)
	wantUsers(t, s, "a@example.org")
}
