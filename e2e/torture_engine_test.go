package e2e_test

import (
	"database/sql"
	"os/exec"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // reads the database without Usher's code

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// crashEngine is the database of a crash test, on one engine.
type crashEngine struct {
	options options                           // options of the server
	open    func(*testing.T, *server) *sql.DB // opens the database for reading while the server runs
	check   func(*testing.T, *server)         // checks the integrity of the database
	remote  bool                              // the connection can break; the server then responds 503
	// awaitDisconnected waits until the database has finished the statements of a killed server.
	awaitDisconnected func(*testing.T)
}

// crashServerOnSQLite returns a SQLite database, and a fault injector that crashes the server.
func crashServerOnSQLite(*testing.T) (crashEngine, faultInjector) {
	e := crashEngine{
		open:              func(t *testing.T, s *server) *sql.DB { return openDatabase(t, s.Data) },
		check:             func(t *testing.T, s *server) { checkDatabase(t, s.Data) },
		awaitDisconnected: func(*testing.T) {},
	}
	return e, serverCrash(e)
}

// crashServerOnPostgres returns a PostgreSQL database, and a fault injector that crashes the server. PostgreSQL keeps
// running.
func crashServerOnPostgres(t *testing.T) (crashEngine, faultInjector) {
	e := newPostgresEngine(t, startPostgres(t))
	return e, serverCrash(e)
}

// crashPostgres returns a PostgreSQL database, and a fault injector that crashes PostgreSQL. The server keeps running.
func crashPostgres(t *testing.T) (crashEngine, faultInjector) {
	cluster := startPostgres(t)
	return newPostgresEngine(t, cluster), postgresCrash(cluster)
}

// newPostgresEngine creates an empty database on the cluster.
func newPostgresEngine(t *testing.T, cluster *pgtest.Cluster) crashEngine {
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
	return crashEngine{
		options: options{Env: onPostgres(cluster, name)},
		remote:  true,
		open:    open,
		check: func(t *testing.T, _ *server) {
			t.Helper()
			amcheck(t, cluster.SocketURL(name))
		},
		// PostgreSQL may still be executing statements that a killed server has sent.
		awaitDisconnected: func(t *testing.T) {
			t.Helper()
			db := open(t, nil)
			defer db.Close()
			eventually(t, "the connections of the killed server are closed", func() bool {
				left := 0
				const connections = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'usher'`
				query(t, db, connections, func(scan func(...any)) { scan(&left) })
				return left == 0
			})
		},
	}
}

// amcheck checks the tables and indexes of a database with PostgreSQL's program pg_amcheck.
func amcheck(t *testing.T, url string) {
	t.Helper()
	path, err := pgtest.Binary("pg_amcheck")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--install-missing", "--schema=public", "--heapallindexed", "--parent-check", url)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("pg_amcheck: %v\n%s", err, out)
	}
}
