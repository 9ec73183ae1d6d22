package e2e_test

import (
	"database/sql"
	"os/exec"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // reads the database as any other program would

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// engine is a database that a server is tortured on.
type engine struct {
	options options                           // of the server, that name the database
	open    func(*testing.T, *server) *sql.DB // for reading, beside the server
	check   func(*testing.T, *server)         // asks the database whether it is whole
	remote  bool                              // a connection to it can break, which is answered 503
	settled func(*testing.T)                  // waits until nothing is left of a server that ended
}

func tortureSQLite(*testing.T) (engine, killer) {
	e := engine{
		open:    func(t *testing.T, s *server) *sql.DB { return openDatabase(t, s.Data) },
		check:   func(t *testing.T, s *server) { checkDatabase(t, s.Data) },
		settled: func(*testing.T) {},
	}
	return e, serverKiller(e)
}

// tortureOnPostgres kills the server on a PostgreSQL that goes on.
func tortureOnPostgres(t *testing.T) (engine, killer) {
	e := newPostgresEngine(t, startPostgres(t))
	return e, serverKiller(e)
}

// torturePostgres kills PostgreSQL under a server that goes on.
func torturePostgres(t *testing.T) (engine, killer) {
	cluster := startPostgres(t)
	return newPostgresEngine(t, cluster), postgresKiller(cluster)
}

// newPostgresEngine makes an empty database on a cluster.
func newPostgresEngine(t *testing.T, cluster *pgtest.Cluster) engine {
	t.Helper()
	name, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	open := func(t *testing.T, _ *server) *sql.DB {
		t.Helper()
		db, err := sql.Open("pgx", cluster.SocketURL(name))
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	return engine{
		options: options{Env: onPostgres(cluster, name)},
		remote:  true,
		open:    open,
		check: func(t *testing.T, _ *server) {
			t.Helper()
			amcheck(t, cluster.SocketURL(name))
		},
		// What a killed server had sent may still be carried out.
		settled: func(t *testing.T) {
			t.Helper()
			db := open(t, nil)
			defer db.Close()
			within(t, "the connections of the killed server have ended", func() bool {
				left := 0
				query(t, db, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'usher'`, func(scan func(...any)) { scan(&left) })
				return left == 0
			})
		},
	}
}

// amcheck asks PostgreSQL whether the server's tables and indexes are whole and
// agree.
func amcheck(t *testing.T, url string) {
	t.Helper()
	path, err := pgtest.Binary("pg_amcheck")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "--install-missing", "--schema=public", "--heapallindexed", "--parent-check", url).CombinedOutput()
	if err != nil {
		t.Errorf("pg_amcheck: %v\n%s", err, out)
	}
}
