package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// migrationLock is the number of the advisory lock that whoever migrates holds.
const migrationLock = 0x7573686572 // "usher"

// migratePostgres is migrate under a lock, so that of servers that start together
// one migrates. The lock belongs to a connection, which ends with this function.
func migratePostgres(ctx context.Context, config *pgx.ConnConfig, change bool) (err error) {
	patient := config.Copy()
	patient.RuntimeParams["statement_timeout"] = "0" // a migration may take long, and so may waiting for one
	db := stdlib.OpenDB(*patient)
	defer func() { err = errors.Join(err, db.Close()) }()
	var encoding string
	if err := db.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("its encoding is %s, which does not have every letter; make one with ENCODING 'UTF8'", encoding)
	}
	if !change {
		var versions sql.NullString
		if err := db.QueryRowContext(ctx, "SELECT CAST(to_regclass('goose_db_version') AS TEXT)").Scan(&versions); err != nil {
			return err
		}
		if !versions.Valid {
			return fmt.Errorf("it was never set up: %w", fs.ErrNotExist)
		}
		return migrate(ctx, db, postgresDialect, nil, change)
	}
	holder, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, holder.Close()) }()
	if _, err := holder.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("wait for another server that migrates: %w", err)
	}
	keep := func(context.Context, int64) error { return nil } // copies are the operator's, by the means of PostgreSQL
	return migrate(ctx, db, postgresDialect, keep, change)
}
