package database

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // driver "sqlite" for Connect

	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// sqliteEngine creates each database in its own directory below dir.
type sqliteEngine struct{ dir string }

func (*sqliteEngine) Name() string { return "SQLite" }

func (e *sqliteEngine) Create(_ context.Context, source *Database) (*Database, error) {
	dir, err := os.MkdirTemp(e.dir, "sqlite-")
	if err != nil {
		return nil, err
	}
	d := &Database{Engine: e, Dir: dir}
	if source == nil {
		return d, nil
	}
	return d, copyFile(filepath.Join(source.Dir, sqlite.DatabaseFile), filepath.Join(dir, sqlite.DatabaseFile))
}

// copyFile copies a file and syncs the copy. Without the sync, the first measured transaction would have to write the
// copy to disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

func (*sqliteEngine) Drop(_ context.Context, d *Database) error { return os.RemoveAll(d.Dir) }

func (*sqliteEngine) Open(ctx context.Context, d *Database) (*sqlstore.Store, error) {
	return sqlstore.OpenSQLite(ctx, d.Dir)
}

func (*sqliteEngine) Connect(d *Database, maxConns int) (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.Dir, sqlite.DatabaseFile)+"?"+pragmas.Encode())
	if err == nil {
		limitConns(db, maxConns)
	}
	return db, err
}

// CPUSeconds returns 0, because SQLite runs inside the process that opens the database.
func (*sqliteEngine) CPUSeconds() float64 { return 0 }

func (*sqliteEngine) Close() error { return nil }
