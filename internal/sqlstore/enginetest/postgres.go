package enginetest

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// used are databases of tests that have ended. Emptying one takes a hundredth of
// the time of making one.
var used = make(chan string, 64)

// empty makes a database as the migrations leave it.
const empty = `
DO $$ DECLARE it record; BEGIN
	SET LOCAL session_replication_role = replica; -- foreign keys do not count
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

// newPostgres takes a database in the cluster that all tests of the process share.
func newPostgres(t TB) func() *sqlstore.Store {
	t.Helper()
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var name string
	select {
	case name = <-used:
		err = cluster.Exec(t.Context(), name, empty)
	default:
		name, err = cluster.Create(t.Context())
	}
	if err != nil {
		t.Fatalf("make a database: %v", err)
	}
	t.Cleanup(func() {
		select {
		case used <- name:
		default:
			if err := cluster.Drop(context.Background(), name); err != nil {
				t.Errorf("remove the database: %v", err)
			}
		}
	})
	return func() *sqlstore.Store {
		t.Helper()
		s, err := sqlstore.OpenPostgres(t.Context(), sqlstore.Postgres{URL: secret.New(cluster.SocketURL(name))})
		return opened(t, s, err)
	}
}
