package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	_ "modernc.org/sqlite" // the driver

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// DatabaseFile is the name of the database in the data directory.
const DatabaseFile = "usher.db"

// minReaders is the smallest size of the pool of read connections.
const minReaders = 4

// checkpointPages is the pragma that checkpoints the write-ahead log after 3000 pages, which are 12 MiB. SQLite's
// default is 4 MiB. A page that every transaction changes is written to the database file, and synced, once for each
// checkpoint. So fewer checkpoints cost less. The first block of the log's index has room for 4062 pages, so 3000 need
// only one block.
const checkpointPages = "wal_autocheckpoint(3000)"

// Open opens the database in the data directory dir, which must exist. It creates a missing database and migrates an
// older one. Other processes may have the database open at the same time. Open fails with [sqldb.ErrNewerSchema] if a
// later release has migrated the database.
func Open(ctx context.Context, dir string) (*sqldb.DB, error) {
	if err := createPrivate(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, err
	}
	return open(ctx, dir, false)
}

// OpenExisting opens a database that a server of this release has created, without migrating it. A server may be using
// the database. OpenExisting fails with fs.ErrNotExist if there is no database, and with [sqldb.ErrNewerSchema] or
// [sqldb.ErrOlderSchema] for the schema of another release.
func OpenExisting(ctx context.Context, dir string) (*sqldb.DB, error) {
	if _, err := os.Stat(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return open(ctx, dir, true)
}

// open opens the database and migrates its schema. If checkOnly is true, it does not migrate, and fails for the schema
// of another release.
func open(ctx context.Context, dir string, checkOnly bool) (*sqldb.DB, error) {
	path := filepath.Join(dir, DatabaseFile)
	fail := func(op string, err error, opened ...*sql.DB) (*sqldb.DB, error) {
		errs := []error{&sqldb.OpenError{Op: op + " " + path, Err: err}}
		for _, db := range opened {
			errs = append(errs, db.Close())
		}
		return nil, errors.Join(errs...)
	}
	writes, err := sql.Open("sqlite", durableURL(path, checkpointPages))
	if err != nil {
		return fail("open", err)
	}
	writes.SetMaxOpenConns(1)
	err = sqldb.Migrate(ctx, writes, dialect, sqldb.MigrateOptions{
		CheckOnly: checkOnly,
		Backup:    func(ctx context.Context, version int64) error { return backupSchema(ctx, writes, path, version) },
	})
	if err != nil {
		return fail("migrate", dialect.TranslateError(err), writes)
	}
	if err := sqldb.RefuseUnfinishedMove(ctx, writes, dialect); err != nil {
		return fail("open", err, writes)
	}
	reads, err := sql.Open("sqlite", durableURL(path, "query_only(1)"))
	if err != nil {
		return fail("open", err, writes)
	}
	readers := max(minReaders, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	w, err := newWriter(ctx, writes)
	if err != nil {
		return fail("open", err, reads, writes)
	}
	cache := newStatementCache(reads)
	return &sqldb.DB{
		Querier: sqldb.Querier{
			Conn: sqldb.Immediate{DB: cache}, Unprepared: sqldb.Immediate{DB: reads}, Dialect: dialect,
		},
		Writer:   w,
		Location: path,
		Clock:    time.Now,
		Shrink:   func(ctx context.Context) error { return shrink(ctx, reads, w) },
		Closers:  []func() error{cache.close, reads.Close, writes.Close},
	}, nil
}

// OpenFile opens the database in a directory as an [sql.DB] for package dbmove. It neither checks nor migrates the
// schema. If readOnly is true, the connections refuse writes, and OpenFile fails with fs.ErrNotExist for a missing
// file. Otherwise OpenFile creates a missing file.
func OpenFile(dir string, readOnly bool) (db *sql.DB, path string, err error) {
	path = filepath.Join(dir, DatabaseFile)
	var pragmas []string
	if readOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, path, fmt.Errorf("open the database: %w", err)
		}
		pragmas = []string{"query_only(1)"}
	} else if err := createPrivate(path); err != nil {
		return nil, path, err
	}
	if db, err = sql.Open("sqlite", durableURL(path, pragmas...)); err != nil {
		return nil, path, fmt.Errorf("open %s: %w", path, err)
	}
	return db, path, nil
}

// durableURL returns the URL that opens a database with durable commits (synchronous=FULL). Readers don't wait for the
// writer, since the database has a write-ahead log.
func durableURL(path string, pragmas ...string) string {
	// BEGIN IMMEDIATE waits for a lock that another process holds. A deferred transaction fails instead.
	return fileURL(path, url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
		"temp_store(MEMORY)", // keeps the journals of savepoints in memory
		"cache_size(-1024)",  // KiB per connection, enough for the inner B-tree pages of a million users
	}, pragmas...)})
}

func fileURL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: query.Encode()}).String()
}

// createPrivate creates the database file with mode 0600 if it doesn't exist. SQLite itself would use the umask, which
// may let other users read the file.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return f.Close()
}
