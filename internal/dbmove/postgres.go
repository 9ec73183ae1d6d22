package dbmove

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// maxOthersWait is how long refuseOthers waits for other connections to end. othersRetryWait is the pause between two
// checks. PostgreSQL may still list the connections of a server that was just stopped.
const (
	maxOthersWait   = 2 * time.Second
	othersRetryWait = 50 * time.Millisecond
)

// postgresEngine implements engine.
type postgresEngine struct {
	applicationName string // of this move's own connections
}

// newApplicationName returns a random application_name for the connections of one move. Servers and other moves have
// other names.
func newApplicationName() string {
	return postgres.ApplicationName + " migrate-data " + rand.Text()[:8]
}

// openPostgres opens the target of a move, or the source if target is false. name is the application_name of its
// connections.
func openPostgres(ctx context.Context, c postgres.Config, name string, target bool) (*endpoint, error) {
	config, err := c.Parse()
	if err != nil {
		return nil, err
	}
	e := newPostgresEndpoint(config, name)
	if target {
		err = refuseUsed(ctx, e.db, e.dialect)
	}
	if err == nil {
		err = postgres.Migrate(ctx, config, !target)
	}
	if err == nil && !target {
		err = sqldb.RefuseUnfinishedMove(ctx, e.db, e.dialect)
	}
	return e.checked(err)
}

// newPostgresEndpoint returns an endpoint that connects with config. It changes the session parameters in config.
func newPostgresEndpoint(config *pgx.ConnConfig, name string) *endpoint {
	config.RuntimeParams["application_name"] = name
	// Remove the time limits: one statement reads a whole table, and pauses while the other database works.
	delete(config.RuntimeParams, "statement_timeout")
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	return &endpoint{
		location: postgres.Location(config), db: stdlib.OpenDB(*config), dialect: postgres.Dialect(),
		engine: postgresEngine{applicationName: name},
	}
}

func (postgresEngine) columns() string {
	return `
		SELECT c.relname, a.attname, t.typname, i.indexrelid IS NOT NULL, a.attidentity <> ''
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
		ORDER BY c.relname, array_position(i.indkey::int2[], a.attnum), a.attname`
}

func (postgresEngine) references() string {
	return `
		SELECT child.relname, parent.relname FROM pg_constraint f
		JOIN pg_class child ON child.oid = f.conrelid JOIN pg_class parent ON parent.oid = f.confrelid
		WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace ORDER BY 1, 2`
}

func (postgresEngine) collate() string { return ` COLLATE "C"` }

func (postgresEngine) insert(ctx context.Context, db *sql.DB, t tableSchema, rows [][]any) (err error) {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
		if c.kind != kindBoolean {
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
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromRows(rows))
		return err
	})
}

func (postgresEngine) lastID(ctx context.Context, from sqldb.Executor, t tableSchema) (int64, error) {
	return queryInt(ctx, from, `
		SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)`, quote(t.name), t.idColumn)
}

func (postgresEngine) setSequence(ctx context.Context, db *sql.DB, t tableSchema, id int64) error {
	_, err := db.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence($1, $2)::regclass, $3)", quote(t.name), t.idColumn,
		id)
	return err
}

// refuseOthers fails with ErrInUse if other servers or commands of Usher stay connected for longer than maxOthersWait.
func (e postgresEngine) refuseOthers(ctx context.Context, db *sql.DB) error {
	for end := time.Now().Add(maxOthersWait); ; {
		others, err := queryInt(ctx, db, `
			SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name LIKE $1 || '%' AND application_name <> $2`,
			postgres.ApplicationName, e.applicationName)
		if err != nil || others == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w by other servers or commands of Usher, with %d connections", ErrInUse, others)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(othersRetryWait):
		}
	}
}
