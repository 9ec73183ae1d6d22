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
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// bare opens the database of a directory without a store.
func bare(t testing.TB, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlstore.DatabaseFile))
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

// texts returns the first column of a query's rows.
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

// Rest gives memory back and changes nothing; where somebody reads for long, it lets go of
// the other readers soon.
func TestRest(t *testing.T) {
	s := openDir(t, t.TempDir())
	insertUser(t, s, localUser("a@example.org"))
	if err := s.Rest(t.Context()); err != nil {
		t.Fatal(err)
	}
	insertUser(t, s, localUser("b@example.org"))
	wantUsers(t, s, "a@example.org", "b@example.org")

	release := sqlstore.HoldReader(t, s)
	wantErr(t, "Rest beside a reader", s.Rest(t.Context()), nil) // who is left alone
	release()
	wantErr(t, "Rest", s.Rest(t.Context()), nil)
	wantUsers(t, s, "a@example.org", "b@example.org")
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	dir := t.TempDir()
	insertUser(t, openDir(t, dir), localUser("a@example.org"))
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files { // the database and what SQLite keeps beside it
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		want(t, "mode of "+f.Name(), info.Mode(), fs.FileMode(0o600))
	}
	if _, err := os.Stat(filepath.Join(dir, sqlstore.DatabaseFile)); err != nil {
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
	db := bare(t, dir)
	want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
	want(t, "faulty references", len(texts(t, db, "PRAGMA foreign_key_check")), 0)
}

func TestSQLiteDirectories(t *testing.T) {
	for _, name := range []string{"with space", "50%20", "a?b=c&d", "a#b", "ключ🔑", "a:b", "-flag", "quote'\"", "_pragma=query_only(1)"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			insertUser(t, openDir(t, dir), localUser("a@example.org"))
			info, err := os.Stat(filepath.Join(dir, sqlstore.DatabaseFile+"-wal"))
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

func TestOpenExisting(t *testing.T) {
	dir := t.TempDir()
	_, err := sqlstore.OpenExisting(t.Context(), dir)
	wantErr(t, "an empty directory", err, fs.ErrNotExist)
	files, _ := os.ReadDir(dir)
	want(t, "files made", len(files), 0)
	if err := os.WriteFile(filepath.Join(dir, sqlstore.DatabaseFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.OpenExisting(t.Context(), dir)
	wantErr(t, "a database of no schema", err, sqlstore.ErrOlderSchema)
	insertUser(t, openDir(t, dir), localUser("a@example.org"))
	s, err := sqlstore.OpenExisting(t.Context(), dir)
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
	later, err := sql.Open("sqlite", filepath.Join(dir, sqlstore.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = later.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	if err := errors.Join(err, later.Close()); err != nil {
		t.Fatal(err)
	}
	before := fileHash(t, dir)
	_, err = sqlstore.OpenSQLite(t.Context(), dir)
	wantErr(t, "OpenSQLite", err, sqlstore.ErrNewerSchema)
	want(t, "the file", fileHash(t, dir), before)
}

func fileHash(t *testing.T, dir string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, sqlstore.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func TestSQLiteOfSomethingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, sqlstore.DatabaseFile)
	text := "This is a text and no database, however long one makes it, and it is left alone."
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
