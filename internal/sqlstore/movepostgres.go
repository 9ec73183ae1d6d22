package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Times that connections of others are given to end: a server that was stopped a
// moment ago may still be listed.
const (
	aloneTime  = 2 * time.Second
	aloneRetry = 50 * time.Millisecond
)

// postgresMove is PostgreSQL as the source and the target of a move.
type postgresMove struct{}

// moveName is what the connections of this process's moves are called, so that
// they are told from those of others.
var moveName = applicationName + " migrate-data " + rand.Text()[:8]

// openPostgresSide opens a database, as the target of a move or as its source.
func openPostgresSide(ctx context.Context, p Postgres, target bool) (*moveSide, error) {
	config, err := p.config()
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["application_name"] = moveName
	// One statement reads a table, however large, and waits meanwhile for the other side.
	delete(config.RuntimeParams, "statement_timeout")
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	s := &moveSide{name: p.place(config), db: stdlib.OpenDB(*config), dialect: postgresDialect, engine: postgresMove{}}
	if target {
		err = refuseUsed(ctx, s.db, s.dialect)
	}
	if err == nil {
		err = migratePostgres(ctx, config, target)
	}
	if err == nil && !target {
		err = refuseUnfinished(ctx, s.db, s.dialect)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", s.name, err), s.db.Close())
	}
	return s, nil
}

func (postgresMove) columns() string {
	return `
		SELECT c.relname, a.attname, t.typname, i.indexrelid IS NOT NULL, a.attidentity <> ''
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
		ORDER BY c.relname, array_position(i.indkey::int2[], a.attnum), a.attname`
}

func (postgresMove) references() string {
	return `
		SELECT child.relname, parent.relname FROM pg_constraint f
		JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid
		WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace ORDER BY 1, 2`
}

func (postgresMove) bytewise() string { return ` COLLATE "C"` }

func (postgresMove) insert(ctx context.Context, db *sql.DB, t moveTable, rows [][]any) (err error) {
	columns := make([]string, len(t.columns))
	for i, c := range t.columns {
		columns[i] = c.name
		if c.kind != moveBoolean {
			continue
		}
		for _, row := range rows {
			row[i] = row[i] == int64(1)
		}
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, columns, pgx.CopyFromRows(rows))
		return err
	})
}

func (postgresMove) highest(ctx context.Context, from sqlRunner, t moveTable) (int64, error) {
	return number(ctx, from, "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)", quote(t.name), t.counter)
}

func (postgresMove) raise(ctx context.Context, db *sql.DB, t moveTable, id int64) error {
	_, err := db.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3)", quote(t.name), t.counter, id)
	return err
}

// alone looks who else is connected.
func (postgresMove) alone(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(aloneTime); ; {
		others, err := number(ctx, db, `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name LIKE $1 || '%' AND application_name <> $2`, applicationName, moveName)
		if err != nil || others == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w by other servers or commands of Usher, with %d connections", ErrMoveInUse, others)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(aloneRetry):
		}
	}
}
