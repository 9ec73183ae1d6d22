package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// insertBig stores users of some 6 MiB in all, so that a copy takes several steps.
func insertBig(t *testing.T, s *sqlstore.Store) {
	t.Helper()
	for i := range 3 {
		u := localUser(fmt.Sprintf("big%d@example.org", i))
		u.Biography = ptr(strings.Repeat("x", 2<<20))
		insertUser(t, s, u)
	}
}

// backup copies the database of a directory and returns the copy's directory.
func backup(t *testing.T, dir string, progress sqlstore.Progress) (copied string) {
	t.Helper()
	copied = t.TempDir()
	wantErr(t, "BackupSQLite", sqlstore.BackupSQLite(t.Context(), dir, filepath.Join(copied, sqlstore.DatabaseFile), progress), nil)
	return copied
}

func noProgress(int, int) {}

// A backup has all that was committed when it began. What is written meanwhile
// does not wait for it, is not in it, and does not make it begin again.
func TestBackupBesideWrites(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	insertBig(t, s)
	steps := 0
	copied := backup(t, dir, func(done, total int) {
		insertUser(t, s, localUser(fmt.Sprintf("late%d@example.org", steps)))
		if steps++; done > total || steps > 10 {
			t.Fatalf("step %d: %d of %d pages", steps, done, total)
		}
	})
	if steps < 2 {
		t.Fatalf("copied in %d steps", steps)
	}
	files, err := filepath.Glob(filepath.Join(copied, "*"))
	if err != nil || len(files) != 1 {
		t.Errorf("beside the copy: %v, %v", files, err)
	}
	wantUsers(t, openDir(t, copied), "big0@example.org", "big1@example.org", "big2@example.org")
}

func TestBackupOfNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy")
	wantErr(t, "BackupSQLite", sqlstore.BackupSQLite(t.Context(), t.TempDir(), file, noProgress), fs.ErrNotExist)
	if _, err := os.Stat(file); err == nil {
		t.Error("a copy was made")
	}
}

func TestInterruptedBackup(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	insertBig(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	err := sqlstore.BackupSQLite(ctx, dir, filepath.Join(t.TempDir(), "copy"), func(int, int) { cancel() })
	wantErr(t, "BackupSQLite", err, context.Canceled)
	insertUser(t, s, localUser("a@example.org"))
}

// A backup that is not whole, of something else or of a later release is refused,
// and so is one of a database with faults, since pages are copied as they are.
func TestUnsoundCopies(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	insertBig(t, s)
	sound, err := os.ReadFile(filepath.Join(backup(t, dir, noProgress), sqlstore.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		exec string // on the file, when it has been written
		wal  string // beside it
		want error
	}{
		{name: "sound", data: sound},
		{name: "empty", want: sqlstore.ErrNotUsher},
		{name: "a text", data: bytes.Repeat([]byte("This is a text. "), 100), want: sqlstore.ErrNotUsher},
		{name: "another program's", exec: "CREATE TABLE goose_db_version (version_id INTEGER, is_applied INTEGER); INSERT INTO goose_db_version VALUES (1, 1)", want: sqlstore.ErrNotUsher},
		{name: "cut off", data: sound[:len(sound)/2], want: sqlstore.ErrDamaged},
		{name: "a page that is wrong", data: append(bytes.Clone(sound[:8192]), append(make([]byte, 4096), sound[12288:]...)...), want: sqlstore.ErrDamaged},
		{name: "of a later release", data: sound, exec: "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)", want: sqlstore.ErrNewerSchema},
		{name: "of a running server", data: sound, wal: "changes", want: sqlstore.ErrInUse},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "backup")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if test.exec != "" {
				db, err := sql.Open("sqlite", path)
				if err != nil {
					t.Fatal(err)
				}
				_, err = db.Exec(test.exec)
				wantErr(t, "exec", err, nil)
				wantErr(t, "Close", db.Close(), nil)
			}
			if test.wal != "" {
				if err := os.WriteFile(path+"-wal", []byte(test.wal), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := sqlstore.RestoreSQLite(t.Context(), path, filepath.Join(t.TempDir(), "copy"), noProgress)
			wantErr(t, "RestoreSQLite", err, test.want)
		})
	}
	t.Run("not there", func(t *testing.T) {
		err := sqlstore.RestoreSQLite(t.Context(), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "copy"), noProgress)
		wantErr(t, "RestoreSQLite", err, fs.ErrNotExist)
	})
}
