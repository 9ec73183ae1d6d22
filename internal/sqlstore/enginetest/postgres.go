package enginetest

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// reusable holds the names of databases whose tests have ended. Emptying a database is much faster
// than creating one.
var reusable = make(chan string, 64)

// emptyTables deletes all rows and resets the sequences, so that a database is in the same state as
// after its migrations.
const emptyTables = `
DO $$ DECLARE it record; BEGIN
	SET LOCAL session_replication_role = replica; -- disables foreign keys
	FOR it IN SELECT tablename AS name FROM pg_tables
	          WHERE schemaname = 'public' AND tablename NOT IN ('goose_db_version', 'activity_chain') LOOP
		EXECUTE format('DELETE FROM %I', it.name);
	END LOOP;
	FOR it IN SELECT sequencename AS name, start_value FROM pg_sequences
	          WHERE schemaname = 'public' AND sequencename NOT LIKE 'goose%' LOOP
		PERFORM setval(quote_ident(it.name), it.start_value, FALSE);
	END LOOP;
	UPDATE activity_chain SET number = 0, at = 0, seal = '', key_id = '', mac = '';
END $$`

// newPostgres creates or reuses a database in the cluster that all tests of the process share.
func newPostgres(t TB) Database {
	t.Helper()
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var name string
	select {
	case name = <-reusable:
		err = cluster.Exec(t.Context(), name, emptyTables)
	default:
		name, err = cluster.Create(t.Context())
	}
	if err != nil {
		t.Fatalf("create a database: %v", err)
	}
	var modified atomic.Bool // the test has used plain SQL, so emptyTables may not undo every change
	t.Cleanup(func() {
		if !modified.Load() {
			select {
			case reusable <- name:
				return
			default:
			}
		}
		if err := cluster.Drop(context.Background(), name); err != nil {
			t.Errorf("remove the database: %v", err)
		}
	})
	connect := func() *sql.DB {
		t.Helper()
		db, err := sql.Open("pgx", cluster.SocketURL(name))
		return closeAtEnd(t, db, err)
	}
	return Database{
		Open: func() *sqlstore.Store {
			t.Helper()
			s, err := sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: secret.New(cluster.SocketURL(name))})
			return closeAtEnd(t, s, err)
		},
		SQL: func() *sql.DB {
			t.Helper()
			modified.Store(true)
			return connect()
		},
		Content: func() []byte {
			t.Helper()
			all, err := content(t.Context(), connect())
			if err != nil {
				t.Fatalf("read the database: %v", err)
			}
			return all
		},
	}
}

// content returns the values of all rows of all tables.
func content(ctx context.Context, db *sql.DB) (all []byte, err error) {
	tables, err := db.QueryContext(ctx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
	if err != nil {
		return nil, err
	}
	defer tables.Close()
	for tables.Next() {
		var table string
		if err := tables.Scan(&table); err != nil {
			return nil, err
		}
		if all, err = appendRows(ctx, db, table, all); err != nil {
			return nil, err
		}
	}
	return all, tables.Err()
}

func appendRows(ctx context.Context, db *sql.DB, table string, all []byte) ([]byte, error) {
	rows, err := db.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, to := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		for _, value := range values {
			all = append(append(all, value...), '\n')
		}
	}
	return all, rows.Err()
}
