package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// DatabaseFile is the name of the SQLite database in the data directory.
const DatabaseFile = "usher.db"

var sqliteDialect = &dialect{
	name:  "sqlite",
	local: true,
	now:   "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
	// One transaction writes at a time, so numbers are in the order of commits; and none
	// is given twice (AUTOINCREMENT).
	lastChange: "(SELECT COALESCE(max(id), 0) FROM auth_change)",
	unindexed:  "+",
	ids:        between('[', ']'),
	idList:     sqliteList,
	textList:   sqliteList,
	size:       "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)",
	hasTable:   "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
	classify:   classifySQLite,
}

func sqliteList(placeholder string) string {
	return "(SELECT value FROM json_each(" + placeholder + "))"
}

// OpenSQLite opens the database in the data directory dir, which must exist, and
// migrates it. Other processes may have it open at the same time. It fails with
// [ErrNewerSchema] for a database that a later release has migrated.
func OpenSQLite(ctx context.Context, dir string) (*Store, error) {
	if err := createPrivate(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, err
	}
	return openSQLite(ctx, dir, true)
}

// openSQLite opens the database, and migrates it or refuses another schema.
func openSQLite(ctx context.Context, dir string, change bool) (*Store, error) {
	path := filepath.Join(dir, DatabaseFile)
	writes, err := sql.Open("sqlite", durable(path, checkpoints))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	writes.SetMaxOpenConns(1)
	keep := func(ctx context.Context, version int64) error { return keepCopyOf(ctx, writes, path, version) }
	if err := migrate(ctx, writes, sqliteDialect, keep, change); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate %s: %w", path, sqliteDialect.meaning(err)), writes.Close())
	}
	if err := refuseUnfinished(ctx, writes, sqliteDialect); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writes.Close())
	}
	reads, err := sql.Open("sqlite", durable(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), writes.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	reads.SetMaxOpenConns(readers)
	reads.SetMaxIdleConns(readers)
	w, err := newWriter(ctx, writes, sqliteDialect)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), reads.Close(), writes.Close())
	}
	prepared := newStatements(reads)
	return &Store{
		reader:       reader{queries{db: direct{prepared}, rare: direct{reads}, dialect: sqliteDialect}},
		transactions: w,
		place:        path,
		now:          time.Now,
		rest:         func(ctx context.Context) error { return shrink(ctx, reads, w) },
		closers:      []func() error{prepared.close, reads.Close, writes.Close},
	}, nil
}

// shrinkTime is how long readers may be kept from others who need one.
const shrinkTime = 100 * time.Millisecond

// shrinkMemory lets a connection go of the pages that it keeps.
const shrinkMemory = "PRAGMA shrink_memory"

// shrink does so for the readers that nobody uses and for the writer.
func shrink(ctx context.Context, reads *sql.DB, w *writer) error {
	ctx, cancel := context.WithTimeout(ctx, shrinkTime)
	defer cancel()
	// The readers are given back before the writer is waited for.
	if err := shrinkReaders(ctx, reads); err != nil {
		return err
	}
	return w.write(ctx, func(ctx context.Context, t account.Tx) error { return t.(*tx).run(ctx, shrinkMemory) })
}

func shrinkReaders(ctx context.Context, reads *sql.DB) error {
	for range reads.Stats().Idle { // each is held until the last one is, or it would come again
		conn, err := reads.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, shrinkMemory); err != nil {
			return err
		}
	}
	return nil
}

// checkpoints says after how many pages the write-ahead log is carried over into the
// database: 12 MiB. Pages that every change touches are then written there, and synced, less
// often than after SQLite's usual 4 MiB. One part of the log's index has room for 4062.
const checkpoints = "wal_autocheckpoint(3000)"

// durable is the URL of a database that is durable at every commit
// (synchronous=FULL), with readers beside the writer.
func durable(path string, pragmas ...string) string {
	// Immediate transactions wait for another process; deferred ones fail.
	return sqliteURL(path, url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "trusted_schema(0)",
		"temp_store(MEMORY)", // what a savepoint keeps to go back to, page by page
		"cache_size(-1024)",  // KiB of each connection: the inner pages of the trees of a million users
	}, pragmas...)})
}

func sqliteURL(path string, query url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: query.Encode()}).String()
}

// OpenExisting opens a database that a server of this release has made, which may
// be running. It fails with fs.ErrNotExist, [ErrNewerSchema] or [ErrOlderSchema]
// and changes nothing.
func OpenExisting(ctx context.Context, dir string) (*Store, error) {
	if _, err := os.Stat(filepath.Join(dir, DatabaseFile)); err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return openSQLite(ctx, dir, false)
}

// createPrivate makes the file, readable by its owner alone, if it is not there:
// SQLite would give it whatever the umask allows.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return f.Close()
}

// sqliteError is a failure that the driver reports. It is *sqlite.Error, of which
// tests cannot make one.
type sqliteError interface {
	error
	Code() int
}

func classifySQLite(err error) fault {
	e, ok := errors.AsType[sqliteError](err)
	if !ok {
		return faultOther
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
		switch {
		case strings.Contains(e.Error(), "users.email_key"):
			return faultEmailTaken
		case strings.Contains(e.Error(), "roles.name_key"):
			return faultRoleNameTaken
		}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return faultReferenced // RESTRICT is reported as if by a trigger
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no room for the index of the write-ahead log
		return faultFull
	case sqlite3.SQLITE_IOERR_FSYNC: // the write-ahead log may have it all the same, if the server ends now
		return faultOutcome
	case sqlite3.SQLITE_IOERR_NOMEM:
		return faultUnavailable
	}
	const primary = 0xff // the rest of a code says more exactly what happened
	switch e.Code() & primary {
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_IOERR:
		return faultDisk
	case sqlite3.SQLITE_READONLY:
		return faultReadOnly
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, // others have it
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return faultUnavailable
	}
	return faultOther
}
