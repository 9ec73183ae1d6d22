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

// migrations has a folder of migrations for each engine. The same number stands for the same schema
// in both folders. Never edit a released migration.
//
//go:embed migrations
var migrations embed.FS

var (
	// ErrNewerSchema means that a later release has migrated the database. This release must not
	// write to it.
	ErrNewerSchema = errors.New("the database was migrated by a later release of Usher; " +
		"start that release, or restore a backup made before")
	// ErrOlderSchema means that an earlier release has created the schema, and that the caller has
	// asked not to migrate it.
	ErrOlderSchema = errors.New("the database has the schema of an earlier release of Usher; " +
		"start the server of this release first")
)

const (
	maxLockWait   = 10 * time.Second // longest wait for another process to unlock the database
	lockRetryWait = 50 * time.Millisecond
)

// MigrateOptions says what [Migrate] may change.
type MigrateOptions struct {
	// CheckOnly makes Migrate fail with ErrOlderSchema instead of migrating the schema.
	CheckOnly bool
	// Backup, if not nil, is called before Migrate changes an existing schema, in order to copy the
	// database. version is the version of that schema.
	Backup func(ctx context.Context, version int64) error
}

// Migrate migrates the schema to the version of this release. Each migration runs in a transaction.
// While another process has locked the database, Migrate retries for maxLockWait. It fails with
// [ErrNewerSchema], or with [ErrOlderSchema] if o.CheckOnly is true.
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

// NewMigrations returns goose's provider of an engine's migrations for db. engine is the Name of a
// [Dialect].
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

// CheckVersion fails with [ErrNewerSchema] if version is above the newest schema version of this
// release.
func CheckVersion(provider *goose.Provider, version int64) error {
	sources := provider.ListSources()
	if known := sources[len(sources)-1].Version; version > known {
		return fmt.Errorf("%w (its schema is %d, ours %d)", ErrNewerSchema, version, known)
	}
	return nil
}

// migrateOnce applies the missing migrations. If a migration fails because another process has
// applied it meanwhile, migrateOnce continues with the next one.
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
