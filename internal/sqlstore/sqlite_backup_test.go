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

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// insertBig stores users of about 6 MiB in total, so that a copy takes several steps.
func insertBig(t *testing.T, s *sqlstore.Store) {
	t.Helper()
	for i := range 3 {
		u := localUser(fmt.Sprintf("big%d@example.org", i))
		u.Biography = ptr(strings.Repeat("x", 2<<20))
		insertUser(t, s, u)
	}
}

// backup copies the database in a directory and returns the directory of the copy.
func backup(t *testing.T, dir string, progress sqlite.Progress) (copied string) {
	t.Helper()
	copied = t.TempDir()
	wantErr(t, "Backup", sqlite.Backup(t.Context(), dir, filepath.Join(copied, sqlite.DatabaseFile), progress), nil)
	return copied
}

func noProgress(int, int) {}

// A backup holds everything that was committed when it began. Concurrent writes don't wait for the backup, are not in
// it, and don't make it start again.
func TestBackupDuringWrites(t *testing.T) {
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
		t.Errorf("files next to the copy: %v, %v", files, err)
	}
	wantUsers(t, openDir(t, copied), "big0@example.org", "big1@example.org", "big2@example.org")
}

func TestBackupWithoutDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy")
	wantErr(t, "Backup", sqlite.Backup(t.Context(), t.TempDir(), file, noProgress), fs.ErrNotExist)
	if _, err := os.Stat(file); err == nil {
		t.Error("a copy was created")
	}
}

func TestInterruptedBackup(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	insertBig(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	err := sqlite.Backup(ctx, dir, filepath.Join(t.TempDir(), "copy"), func(int, int) { cancel() })
	wantErr(t, "Backup", err, context.Canceled)
	insertUser(t, s, localUser("a@example.org"))
}

// Restore refuses a file that is incomplete, is no database of Usher, or comes from a later release. It also refuses a
// damaged database: the pages are copied as they are, so the copy has the same damage.
func TestUnsoundBackups(t *testing.T) {
	dir := t.TempDir()
	s := openDir(t, dir)
	insertBig(t, s)
	sound, err := os.ReadFile(filepath.Join(backup(t, dir, noProgress), sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data []byte
		exec string // statements that change the file
		wal  string // content of the write-ahead log
		want error
	}{
		{name: "sound", data: sound},
		{name: "empty", want: sqlite.ErrNotUsher},
		{name: "a text", data: bytes.Repeat([]byte("This is a text. "), 100), want: sqlite.ErrNotUsher},
		{
			name: "of another program",
			exec: "CREATE TABLE goose_db_version (version_id INTEGER, is_applied INTEGER); " +
				"INSERT INTO goose_db_version VALUES (1, 1)",
			want: sqlite.ErrNotUsher,
		},
		{name: "truncated", data: sound[:len(sound)/2], want: sqlite.ErrDamaged},
		{
			name: "a wrong page",
			data: append(bytes.Clone(sound[:8192]), append(make([]byte, 4096), sound[12288:]...)...),
			want: sqlite.ErrDamaged,
		},
		{
			name: "of a later release",
			data: sound,
			exec: "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)",
			want: sqldb.ErrNewerSchema,
		},
		{name: "of a running server", data: sound, wal: "changes", want: sqlite.ErrInUse},
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
			err := sqlite.Restore(t.Context(), path, filepath.Join(t.TempDir(), "copy"), noProgress)
			wantErr(t, "Restore", err, test.want)
		})
	}
	t.Run("missing", func(t *testing.T) {
		err := sqlite.Restore(t.Context(), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "copy"),
			noProgress)
		wantErr(t, "Restore", err, fs.ErrNotExist)
	})
}
