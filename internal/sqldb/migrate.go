package sqldb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// The migrations of each engine, in folders with equal numbers. A released migration is never
// edited.
//
//go:embed migrations
var migrations embed.FS

var (
	// ErrNewerSchema means that a later release has migrated the database. This release must not
	// write to it.
	ErrNewerSchema = errors.New("the database was migrated by a later release of Usher; " +
		"start that release, or restore a backup made before")
	// ErrOlderSchema means that the schema is of an earlier release, and that the caller must not
	// migrate it.
	ErrOlderSchema = errors.New("the database has the schema of an earlier release of Usher; " +
		"start the server of this release first")
)

const (
	maxLockWait   = 10 * time.Second // for another process that has locked the database
	lockRetryWait = 50 * time.Millisecond
)

// MigrateOptions says what [Migrate] may change.
type MigrateOptions struct {
	// CheckOnly makes Migrate fail with ErrOlderSchema instead of migrating.
	CheckOnly bool
	// Backup, if it is not nil, copies a database that has data before its schema is changed.
	// version is that of the schema.
	Backup func(ctx context.Context, version int64) error
}

// Migrate brings the schema up to this release's, each step in a transaction. It fails with
// [ErrNewerSchema] or [ErrOlderSchema]. It retries while another process has locked the database,
// which some engines report at once.
func Migrate(ctx context.Context, db *sql.DB, d *Dialect, o MigrateOptions) error {
	provider, err := NewMigrations(db, d.Name)
	if err != nil {
		return err
	}
	for end := time.Now().Add(maxLockWait); ; {
		err := migrateOnce(ctx, provider, o)
		if err == nil {
			return nil
		}
		if class, _ := d.Classify(err); class != Unavailable || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockRetryWait):
		}
	}
}

// NewMigrations returns the migrations of an engine, to be applied to db.
func NewMigrations(db *sql.DB, engine string) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+engine)
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectPostgres
	if engine == "sqlite" {
		dialect = goose.DialectSQLite3
	}
	return goose.NewProvider(dialect, db, files)
}

// CheckVersion fails with [ErrNewerSchema] for a version of the schema that this release does not
// know.
func CheckVersion(provider *goose.Provider, version int64) error {
	sources := provider.ListSources()
	if known := sources[len(sources)-1].Version; version > known {
		return fmt.Errorf("%w (its schema is %d, ours %d)", ErrNewerSchema, version, known)
	}
	return nil
}

// migrateOnce migrates, and continues from where another process got to that migrates as well.
func migrateOnce(ctx context.Context, provider *goose.Provider, o MigrateOptions) error {
	var failure error
	for before := int64(-1); ; {
		now, known, err := provider.GetVersions(ctx)
		if err == nil {
			err = CheckVersion(provider, now)
		}
		switch {
		case err != nil:
			return err
		case now == known:
			return nil
		case o.CheckOnly:
			return ErrOlderSchema
		case now == before:
			return failure
		}
		if now > 0 && o.Backup != nil {
			if err := o.Backup(ctx, now); err != nil {
				return err
			}
		}
		if _, failure = provider.Up(ctx); failure == nil {
			return nil
		}
		before = now
	}
}
