package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// stepPages is how many pages are copied between two looks at the context.
const stepPages = 1024

var (
	// ErrDamaged means that SQLite finds faults in a database.
	ErrDamaged = errors.New("the database is damaged")
	// ErrNotUsher means that a file is not a database of Usher.
	ErrNotUsher = errors.New("this is not a database of Usher")
	// ErrInUse means that the newest changes of a database are in another file.
	ErrInUse = errors.New("this database was not closed: its newest changes are in the file -wal beside it")
)

// Progress is told how much of a database has been copied, in pages.
type Progress func(done, total int)

// BackupSQLite copies the database of the data directory dir, which a server may
// be writing to, to file, which is empty or not there. The copy has all that was
// committed when it began, and is checked as [RestoreSQLite] does. It fails with
// fs.ErrNotExist where there is no database.
func BackupSQLite(ctx context.Context, dir, file string, progress Progress) error {
	path := filepath.Join(dir, DatabaseFile)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return copyFile(ctx, sqliteURL(path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)"}}), file, progress)
}

// RestoreSQLite copies a backup to file, which is empty or not there, and checks
// the copy: it fails with [ErrDamaged], [ErrNotUsher] or [ErrNewerSchema], and with
// [ErrInUse] for the database of a server. Nothing is made beside the backup.
func RestoreSQLite(ctx context.Context, backup, file string, progress Progress) error {
	if _, err := os.Stat(backup); err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	if wal, err := os.Stat(backup + "-wal"); err == nil && wal.Size() > 0 {
		return ErrInUse
	}
	return copyFile(ctx, sqliteURL(backup, url.Values{"mode": {"ro"}, "immutable": {"1"}}), file, progress)
}

// copyFile copies a database and checks the copy.
func copyFile(ctx context.Context, source, file string, progress Progress) error {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	err = errors.Join(copyPages(ctx, db, file, progress), db.Close())
	if err != nil {
		return fmt.Errorf("copy the database: %w", understood(err))
	}
	_, err = checkCopy(ctx, file)
	return err
}

// copyPages copies a database as it is at one moment: its transaction, of reading
// alone, neither waits for writers nor holds them up, and keeps what they write
// meanwhile out. Since pages are copied as they are, a sound copy proves a sound
// database.
func copyPages(ctx context.Context, db *sql.DB, file string, progress Progress) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// The transaction begins with its first reading.
	if _, err := conn.ExecContext(ctx, "BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error {
		backup, err := driver.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(sqliteURL(file, nil))
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if more, err = backup.Step(stepPages); err == nil {
				progress(backup.PageCount()-backup.Remaining(), backup.PageCount())
				err = ctx.Err()
			}
		}
		return errors.Join(err, backup.Finish())
	})
	_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return errors.Join(err, end)
}

// checkCopy checks the copy of a database and returns the version of its schema. It
// gives the copy the journal mode in which it can be read where nothing can be
// written.
func checkCopy(ctx context.Context, file string) (version int64, err error) {
	db, err := sql.Open("sqlite", sqliteURL(file, url.Values{"_pragma": {"journal_mode(DELETE)"}}))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var finding string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&finding); err != nil {
		return 0, fmt.Errorf("check the copy of the database: %w", understood(err))
	}
	if finding != "ok" {
		return 0, fmt.Errorf("%w: %s", ErrDamaged, finding)
	}
	row := db.QueryRowContext(ctx, `
		SELECT max(version_id) FROM goose_db_version WHERE is_applied AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'key_checks')`)
	if err := row.Scan(&version); err != nil {
		return 0, cmp.Or(ctx.Err(), ErrNotUsher)
	}
	provider, err := newProvider(db, sqliteDialect)
	if err != nil {
		return 0, err
	}
	return version, knownSchema(provider, version)
}

// understood gives the faults that SQLite stumbles over their meaning.
func understood(err error) error {
	const primary = 0xff
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & primary {
		case sqlite3.SQLITE_NOTADB:
			return ErrNotUsher
		case sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}

// keepCopyOf keeps a copy of a database beside it, before its schema, which is of
// the version given, is migrated: a release that turns out bad can be undone by
// putting the copy back. Copies of earlier versions stay.
func keepCopyOf(ctx context.Context, db *sql.DB, path string, version int64) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".schema-*.tmp") // readable by its owner alone
	if err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	half := file.Name()
	defer func() { _ = os.Remove(half) }() // it is there no more where all went well
	if err := file.Close(); err != nil {
		return err
	}
	if err := copyPages(ctx, db, half, func(int, int) {}); err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	copied, err := checkCopy(ctx, half)
	if err != nil {
		return err
	}
	if copied != version { // another process has migrated it while it was copied
		return nil
	}
	return os.Rename(half, fmt.Sprintf("%s.schema-%d", path, version))
}
