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

// minReaders is the least number of connections that read.
const minReaders = 4

// checkpointPages is how many pages the write-ahead log grows to before it is checkpointed: 12 MiB.
// Pages that every change touches are then written to the database, and synced, less often than at
// SQLite's default of 4 MiB. One block of the log's index has room for 4062 pages.
const checkpointPages = "wal_autocheckpoint(3000)"

// Open opens the database in the data directory dir, which must exist, and creates or migrates it.
// Other processes may have it open at the same time. It fails with [sqldb.ErrNewerSchema] for a
// database that a later release has migrated.
func Open(ctx context.Context, dir string) (*sqldb.DB, error) {
	if err := createPrivate(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, err
	}
	return open(ctx, dir, false)
}

// OpenExisting opens a database that a server of this release has created, and that may be in use. It
// fails with fs.ErrNotExist, [sqldb.ErrNewerSchema] or [sqldb.ErrOlderSchema] and changes nothing.
func OpenExisting(ctx context.Context, dir string) (*sqldb.DB, error) {
	if _, err := os.Stat(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return open(ctx, dir, true)
}

// open opens the database. It migrates the schema, or refuses another one if checkOnly is true.
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

// OpenFile opens the database of a directory for a move, which copies it without a [sqldb.DB]. The
// caller checks and migrates the schema. readOnly refuses all writes. If the file does not exist,
// OpenFile creates it, or fails with fs.ErrNotExist if readOnly is true.
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

// durableURL returns the URL of a database that is durable at every commit (synchronous=FULL), and
// whose readers run while it is written.
func durableURL(path string, pragmas ...string) string {
	// Immediate transactions wait for another process; deferred ones fail.
	return fileURL(path, url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
		"temp_store(MEMORY)", // for the journal of a savepoint, page by page
		"cache_size(-1024)",  // KiB of each connection: the inner pages of the trees of a million users
	}, pragmas...)})
}

func fileURL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: query.Encode()}).String()
}

// createPrivate creates the file, readable by its owner alone, if it does not exist. SQLite would
// use the mode that the umask leaves.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return f.Close()
}
