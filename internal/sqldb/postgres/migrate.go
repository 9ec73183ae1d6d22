package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// migrationLock is the key of the advisory lock that is held during a migration.
const migrationLock = 0x7573686572 // "usher"

// Migrate runs [sqldb.Migrate] under an advisory lock: if several servers start together, one
// migrates and the others wait. Migrate makes no backup; administrators use PostgreSQL's own tools.
//
// If checkOnly is true, Migrate takes no lock and changes nothing. It then fails with
// fs.ErrNotExist for a database that was never set up.
func Migrate(ctx context.Context, config *pgx.ConnConfig, checkOnly bool) (err error) {
	unlimited := config.Copy()
	unlimited.RuntimeParams["statement_timeout"] = "0" // a migration, or waiting for one, may take long
	db := stdlib.OpenDB(*unlimited)
	defer func() { err = errors.Join(err, db.Close()) }()
	var encoding string
	if err := db.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("its encoding is %s, which does not have every letter; make one with ENCODING 'UTF8'", encoding)
	}
	if checkOnly {
		var versions sql.NullString
		row := db.QueryRowContext(ctx, "SELECT CAST(to_regclass('goose_db_version') AS TEXT)")
		if err := row.Scan(&versions); err != nil {
			return err
		}
		if !versions.Valid {
			return fmt.Errorf("it was never set up: %w", fs.ErrNotExist)
		}
		return sqldb.Migrate(ctx, db, dialect, sqldb.MigrateOptions{CheckOnly: true})
	}
	conn, err := db.Conn(ctx) // the advisory lock is released when this connection is closed
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("wait for another server that migrates: %w", err)
	}
	return sqldb.Migrate(ctx, db, dialect, sqldb.MigrateOptions{})
}
