package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

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

var gooseDialects = map[string]goose.Dialect{"sqlite": goose.DialectSQLite3}

// migrate brings the schema up to this release's, each step in a transaction.
func migrate(ctx context.Context, db *sql.DB, d *dialect) error {
	files, err := fs.Sub(migrations, "migrations/"+d.name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(gooseDialects[d.name], db, files)
	if err != nil {
		return err
	}
	var failure error
	for before := int64(-1); ; {
		now, known, err := provider.GetVersions(ctx)
		switch {
		case err != nil:
			return err
		case now > known:
			return fmt.Errorf("%w (its schema is %d, ours %d)", ErrNewerSchema, now, known)
		case now == before:
			return failure
		}
		if _, failure = provider.Up(ctx); failure == nil {
			return nil
		}
		// Another process that migrates may have been faster: go on where it got.
		before = now
	}
}
