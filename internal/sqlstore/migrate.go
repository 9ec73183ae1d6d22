package sqlstore

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

// The migrations of each engine, in folders with equal numbers. A migration that
// was released is never edited.
//
//go:embed migrations
var migrations embed.FS

// ErrNewerSchema means that a later release has migrated the database; this one
// must not write to it.
var ErrNewerSchema = errors.New("the database was migrated by a later release of Usher; start that release, or restore a backup made before")

var gooseDialects = map[string]goose.Dialect{"sqlite": goose.DialectSQLite3, "postgres": goose.DialectPostgres}

// ErrOlderSchema means that an earlier release has made the database, and that it
// is opened by what must not migrate it.
var ErrOlderSchema = errors.New("the database has the schema of an earlier release of Usher; start the server of this release first")

const (
	lockedTime  = 10 * time.Second // that a migration waits for another process
	lockedRetry = 50 * time.Millisecond
)

// keepCopy keeps a copy of a database with data in it, whose schema is of a
// version that is about to change.
type keepCopy func(ctx context.Context, version int64) error

// migrate brings the schema up to this release's, each step in a transaction; or,
// if it must not change anything, checks that it is this release's. Engines may
// report a lock at once that others hold while they open the database.
func migrate(ctx context.Context, db *sql.DB, d *dialect, keep keepCopy, change bool) error {
	provider, err := newProvider(db, d)
	if err != nil {
		return err
	}
	for end := time.Now().Add(lockedTime); ; {
		err := step(ctx, provider, keep, change)
		if err == nil || d.classify(err) != faultUnavailable || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockedRetry):
		}
	}
}

func newProvider(db *sql.DB, d *dialect) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(gooseDialects[d.name], db, files)
}

// knownSchema fails with [ErrNewerSchema] for a version that this release does not
// know.
func knownSchema(provider *goose.Provider, version int64) error {
	sources := provider.ListSources()
	if known := sources[len(sources)-1].Version; version > known {
		return fmt.Errorf("%w (its schema is %d, ours %d)", ErrNewerSchema, version, known)
	}
	return nil
}

// step migrates once, and goes on where another process got that was faster.
func step(ctx context.Context, provider *goose.Provider, keep keepCopy, change bool) error {
	var failure error
	for before := int64(-1); ; {
		now, known, err := provider.GetVersions(ctx)
		if err == nil {
			err = knownSchema(provider, now)
		}
		switch {
		case err != nil:
			return err
		case now == known:
			return nil
		case !change:
			return ErrOlderSchema
		case now == before:
			return failure
		}
		if now > 0 {
			if err := keep(ctx, now); err != nil {
				return err
			}
		}
		if _, failure = provider.Up(ctx); failure == nil {
			return nil
		}
		before = now
	}
}
