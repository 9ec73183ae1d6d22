package enginetest

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// newSQLite creates a database in a new temporary directory.
func newSQLite(t TB) Database {
	t.Helper()
	dir, err := os.MkdirTemp("", "usher-sqlite-")
	if err != nil {
		t.Fatalf("create a directory: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the database: %v", err)
		}
	})
	empty, err := emptyFile()
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, sqlite.DatabaseFile), empty, 0o600)
	}
	if err != nil {
		t.Fatalf("create a database: %v", err)
	}
	return Database{
		Open: func() *sqlstore.Store {
			t.Helper()
			return OpenSQLite(t, dir)
		},
		SQL: func() *sql.DB {
			t.Helper()
			db, err := sql.Open("sqlite", filepath.Join(dir, sqlite.DatabaseFile)+"?_pragma=busy_timeout(5000)")
			return closeAtEnd(t, db, err)
		},
		Content: func() (all []byte) {
			t.Helper()
			for _, suffix := range []string{"", "-wal"} {
				file, err := os.ReadFile(filepath.Join(dir, sqlite.DatabaseFile+suffix))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("read the database: %v", err)
				}
				all = append(all, file...)
			}
			return all
		},
	}
}

// emptyFile returns the contents of an empty database file. It creates the file only once, since
// that takes longer than most tests.
var emptyFile = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "usher-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := sqlstore.OpenSQLite(context.Background(), dir)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // Close checkpoints the write-ahead log into the file
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, sqlite.DatabaseFile))
})

// OpenSQLite opens the SQLite database in a directory and closes it when the test ends.
func OpenSQLite(t TB, dir string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	return closeAtEnd(t, s, err)
}
