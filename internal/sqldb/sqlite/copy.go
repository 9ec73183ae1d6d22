package sqlite

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

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// pagesPerStep is how many pages are copied between two checks of the context.
const pagesPerStep = 1024

var (
	// ErrDamaged means that SQLite reports a database file as corrupt.
	ErrDamaged = errors.New("the database is damaged")
	// ErrNotUsher means that a file is not a database of Usher.
	ErrNotUsher = errors.New("this is not a database of Usher")
	// ErrInUse means that a database was not closed, so its newest changes are only in its
	// write-ahead log.
	ErrInUse = errors.New(
		"this database was not closed: its newest changes are in the file of the same name ending in -wal",
	)
)

// Progress is called with the number of pages copied so far and the number of all pages.
type Progress func(done, total int)

// Backup copies the database in the data directory dir to file, which must be empty or not exist. A
// server may write to the database meanwhile: the copy holds everything that was committed when
// Backup began. Backup checks the copy as [Restore] does. It fails with fs.ErrNotExist if there is
// no database.
func Backup(ctx context.Context, dir, file string, progress Progress) error {
	path := filepath.Join(dir, DatabaseFile)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	source := fileURL(path, url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(5000)"}})
	return copyFile(ctx, source, file, progress)
}

// Restore copies a backup to file, which must be empty or not exist, and checks the copy. It fails
// with [ErrDamaged], [ErrNotUsher] or [sqldb.ErrNewerSchema] for an unusable backup. It fails with
// [ErrInUse] if backup is a database that was not closed. It creates no file next to the backup.
func Restore(ctx context.Context, backup, file string, progress Progress) error {
	if _, err := os.Stat(backup); err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	if wal, err := os.Stat(backup + "-wal"); err == nil && wal.Size() > 0 {
		return ErrInUse
	}
	return copyFile(ctx, fileURL(backup, url.Values{"mode": {"ro"}, "immutable": {"1"}}), file, progress)
}

// copyFile copies the database at the URL source to file and checks the copy.
func copyFile(ctx context.Context, source, file string, progress Progress) error {
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return err
	}
	err = errors.Join(copyPages(ctx, db, file, progress), db.Close())
	if err != nil {
		return fmt.Errorf("copy the database: %w", fileError(err))
	}
	_, err = checkCopy(ctx, file)
	return err
}

// copyPages copies a snapshot of the database to file. Its read transaction neither waits for
// writers nor blocks them, and does not see their later changes. The pages are copied byte for
// byte, so an intact copy proves that the source is intact.
func copyPages(ctx context.Context, db *sql.DB, file string, progress Progress) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// BEGIN takes no snapshot; the first read of the transaction does.
	if _, err := conn.ExecContext(ctx, "BEGIN; SELECT count(*) FROM sqlite_schema"); err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error {
		backup, err := driver.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		}).NewBackup(fileURL(file, nil))
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if more, err = backup.Step(pagesPerStep); err == nil {
				progress(backup.PageCount()-backup.Remaining(), backup.PageCount())
				err = ctx.Err()
			}
		}
		return errors.Join(err, backup.Finish())
	})
	_, end := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	return errors.Join(err, end)
}

// checkCopy checks the integrity of a copy and returns the version of its schema. It switches the
// copy from a write-ahead log to a rollback journal, so that the copy can be read in a read-only
// directory.
func checkCopy(ctx context.Context, file string) (version int64, err error) {
	db, err := sql.Open("sqlite", fileURL(file, url.Values{"_pragma": {"journal_mode(DELETE)"}}))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var finding string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&finding); err != nil {
		return 0, fmt.Errorf("check the copy of the database: %w", fileError(err))
	}
	if finding != "ok" {
		return 0, fmt.Errorf("%w: %s", ErrDamaged, finding)
	}
	row := db.QueryRowContext(ctx, `
		SELECT max(version_id) FROM goose_db_version
		WHERE is_applied AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'key_checks')`)
	if err := row.Scan(&version); err != nil {
		return 0, cmp.Or(ctx.Err(), ErrNotUsher)
	}
	provider, err := sqldb.NewMigrations(db, dialect.Name)
	if err != nil {
		return 0, err
	}
	return version, sqldb.CheckVersion(provider, version)
}

// backupSchema copies the database to PATH.schema-VERSION before its schema is migrated. version is
// the schema's version before the migration. An administrator can restore the copy to return to the
// earlier release. backupSchema keeps the copies from earlier migrations.
func backupSchema(ctx context.Context, db *sql.DB, path string, version int64) error {
	// CreateTemp gives the file the mode 0600, so that only its owner can read it.
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".schema-*.tmp")
	if err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	partial := file.Name()
	defer func() { _ = os.Remove(partial) }() // fails after the rename, when nothing is left to remove
	if err := file.Close(); err != nil {
		return err
	}
	if err := copyPages(ctx, db, partial, func(int, int) {}); err != nil {
		return fmt.Errorf("copy the database before it is migrated: %w", err)
	}
	copied, err := checkCopy(ctx, partial)
	if err != nil {
		return err
	}
	if copied != version { // another process migrated the database during the copy
		return nil
	}
	return os.Rename(partial, fmt.Sprintf("%s.schema-%d", path, version))
}
