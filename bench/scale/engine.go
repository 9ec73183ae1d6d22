package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// engine is a database, with the SQL statements that measure its size.
type engine struct {
	store        *sqlstore.Store
	db           *sql.DB
	sizesQuery   string // returns the name, the table bytes and the index bytes of each table
	analyzeQuery string // updates table sizes and planner statistics
	walQuery     string // returns the number of bytes written to the write-ahead log so far; "" on SQLite
	close        func()

	explained *sqlstore.Store // connection that logs the plans of its statements to logFile; nil on SQLite
	logFile   string
}

func open(ctx context.Context, name string) (*engine, error) {
	switch name {
	case "sqlite":
		return openSQLite(ctx)
	case "postgres":
		return openPostgres(ctx)
	}
	return nil, fmt.Errorf("there is no engine %q, only sqlite and postgres", name)
}

func openSQLite(ctx context.Context) (*engine, error) {
	dir, err := os.MkdirTemp("", "usher-scale-")
	if err != nil {
		return nil, err
	}
	e := &engine{
		sizesQuery: `
			SELECT m.tbl_name, SUM(CASE WHEN m.type = 'table' THEN s.pgsize ELSE 0 END),
				SUM(CASE WHEN m.type = 'index' THEN s.pgsize ELSE 0 END)
			FROM dbstat s JOIN sqlite_schema m ON m.name = s.name GROUP BY m.tbl_name`,
		analyzeQuery: `ANALYZE`,
		close:        func() { _ = os.RemoveAll(dir) },
	}
	if e.store, err = sqlstore.OpenSQLite(ctx, dir); err == nil {
		e.db, err = sql.Open("sqlite", "file:"+filepath.Join(dir, sqlite.DatabaseFile))
	}
	if err != nil {
		e.close()
		return nil, err
	}
	e.close = func() {
		_ = errors.Join(e.db.Close(), e.store.Close(), os.RemoveAll(dir))
	}
	return e, nil
}

// openPostgres starts a cluster. One of its connections logs the plans of its statements.
func openPostgres(ctx context.Context) (*engine, error) {
	cluster, err := pgtest.Durable(
		"shared_buffers=1GB", "max_wal_size=8GB", "shared_preload_libraries=auto_explain",
		"auto_explain.log_analyze=on", "auto_explain.log_buffers=on", "auto_explain.log_timing=off",
		"auto_explain.log_format=json", "auto_explain.log_nested_statements=on",
	)
	if err != nil {
		return nil, err
	}
	e := &engine{
		sizesQuery: `
			SELECT relname, pg_table_size(relid), pg_indexes_size(relid) FROM pg_stat_user_tables`,
		analyzeQuery: `VACUUM (ANALYZE)`,
		close:        func() { _ = cluster.Remove() },
		logFile:      filepath.Join(cluster.Dir, "log"),
		walQuery:     `SELECT CAST(pg_current_wal_insert_lsn() - '0/0' AS BIGINT)`,
	}
	if err := e.connect(ctx, cluster.SocketURL("postgres")); err != nil {
		e.close()
		return nil, err
	}
	e.close = func() {
		_ = errors.Join(e.db.Close(), e.explained.Close(), e.store.Close(), cluster.Remove())
	}
	return e, nil
}

func (e *engine) connect(ctx context.Context, address string) (err error) {
	if e.store, err = sqlstore.OpenPostgres(ctx, postgres.Config{URL: secret.New(address)}); err != nil {
		return err
	}
	explained := address + "&" + url.Values{"auto_explain.log_min_duration": {"0"}}.Encode()
	options := postgres.Config{URL: secret.New(explained), Connections: 1}
	if e.explained, err = sqlstore.OpenPostgres(ctx, options); err != nil {
		return err
	}
	e.db, err = sql.Open("pgx", address)
	return err
}

// tables returns the sizes of the tables with many rows. Tables with fewer rows don't grow with the number of users, so
// they are left out.
func (e *engine) tables(ctx context.Context) (tables []table, err error) {
	if _, err := e.db.ExecContext(ctx, e.analyzeQuery); err != nil {
		return nil, err
	}
	rows, err := e.db.QueryContext(ctx, `SELECT * FROM (`+e.sizesQuery+`) AS sizes ORDER BY 2 DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []table
	for rows.Next() {
		var t table
		if err := rows.Scan(&t.name, &t.bytes, &t.indexBytes); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	for _, t := range all {
		if t.rows, err = e.queryInt(ctx, fmt.Sprintf(`SELECT count(*) FROM %q`, t.name)); err != nil {
			return nil, err
		}
		if t.rows > manyRows {
			tables = append(tables, t)
		}
	}
	return tables, rows.Err()
}

func (e *engine) queryInt(ctx context.Context, query string) (n int64, err error) {
	return n, e.db.QueryRowContext(ctx, query).Scan(&n)
}
