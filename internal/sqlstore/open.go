package sqlstore

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// OpenSQLite opens or creates the database in a data directory as [sqlite.Open] does.
func OpenSQLite(ctx context.Context, dir string) (*Store, error) {
	return opened(sqlite.Open(ctx, dir))
}

// OpenExistingSQLite opens the database in a data directory as [sqlite.OpenExisting] does.
func OpenExistingSQLite(ctx context.Context, dir string) (*Store, error) {
	return opened(sqlite.OpenExisting(ctx, dir))
}

// OpenPostgres opens a PostgreSQL database as [postgres.Open] does. If the database can't be
// reached, it fails with an account.Error of CodeUnavailable.
func OpenPostgres(ctx context.Context, c postgres.Config) (*Store, error) {
	return opened(postgres.Open(ctx, c))
}

// OpenExistingPostgres opens a PostgreSQL database as [postgres.OpenExisting] does. It fails as
// [OpenPostgres] does.
func OpenExistingPostgres(ctx context.Context, c postgres.Config) (*Store, error) {
	return opened(postgres.OpenExisting(ctx, c))
}

// opened returns the store of an open database. If err is not nil, opened translates the cause in
// the [sqldb.OpenError] and keeps its text about the operation, which names the database.
func opened(db *sqldb.DB, err error) (*Store, error) {
	if err == nil {
		return newStore(db), nil
	}
	if e, ok := errors.AsType[*sqldb.OpenError](err); ok {
		e.Err = translateError(e.Err)
	}
	return nil, err
}
