package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// TestPostgresBackups follows the backup instructions for PostgreSQL in docs/running.md. It restores a dump into
// another database, and restores a cluster by point-in-time recovery.
func TestPostgresBackups(t *testing.T) {
	t.Parallel()
	c := startPostgres(t,
		"archive_mode=on", "archive_command=mkdir -p ../wal && test ! -f ../wal/%f && cp %p ../wal/%f")
	pg(t, c, "createdb", "usher")
	on := func(database string) options { return options{Env: onPostgres(c, database)} }
	s := startServer(t, on("usher"))
	key := s.signInAdmin(t)
	s.addUser(t, key, "Early", "early@example.com", adminPassword)

	pg(t, c, "pg_dump", "--format=custom", "--file=usher.dump", "usher")
	s.addUser(t, key, "Late", "late@example.com", adminPassword)
	pg(t, c, "createdb",
		"--owner="+pgtest.Superuser, "--encoding=UTF8", "--template=template0", "restored")
	pg(t, c, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
		"--role="+pgtest.Superuser, "--dbname=restored", "usher.dump")
	dumped := startServer(t, on("restored"))
	wantUsers(t, dumped, adminEmail, "early@example.com")
	dumped.addUser(t, key, "Again", "late@example.com", adminPassword)
	dumped.awaitSealed(t)
	dumped.stop(t)

	pg(t, c, "pg_basebackup", "--pgdata=base", "--checkpoint=fast")
	s.addUser(t, key, "Kept", "kept@example.com", adminPassword)
	target := psql(t, c, "SELECT clock_timestamp()")
	s.addUser(t, key, "Mistake", "mistake@example.com", adminPassword)
	s.stop(t)
	if err := c.Stop(); err != nil { // the shutdown also archives the last changes
		t.Fatal(err)
	}
	pg(t, c, "mv", "data", "data.before")
	pg(t, c, "cp", "-a", "base", "data")
	pg(t, c, "touch", "data/recovery.signal")
	appendToFile(t, filepath.Join(c.Data(), "postgresql.auto.conf"), fmt.Sprintf(
		"restore_command = 'cp ../wal/%%f %%p'\nrecovery_target_time = '%s'\nrecovery_target_action = 'promote'\n",
		target))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the recovery is complete", func() bool { return psql(t, c, "SELECT pg_is_in_recovery()") == "f" })
	recovered := startServer(t, on("usher"))
	wantUsers(t, recovered, adminEmail, "early@example.com", "late@example.com", "kept@example.com")
	recovered.addUser(t, key, "Again", "mistake@example.com", adminPassword)
	recovered.awaitSealed(t)
}

// pg runs a program of PostgreSQL as the owner of the cluster, in the cluster's directory, and returns its output.
// Environment variables tell the program how to connect to the cluster.
func pg(t *testing.T, c *pgtest.Cluster, name string, arguments ...string) string {
	t.Helper()
	cmd, err := c.Command(name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PGHOST="+c.Dir, "PGPORT="+strconv.Itoa(c.Port), "PGUSER="+pgtest.Superuser)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out)
}

// psql runs a query in the database "usher" and returns the query's value.
func psql(t *testing.T, c *pgtest.Cluster, query string) string {
	t.Helper()
	return strings.TrimSpace(pg(t, c, "psql", "--no-align", "--tuples-only", "--command="+query, "usher"))
}

func appendToFile(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// wantUsers fails the test unless the server has exactly the users with these email addresses.
func wantUsers(t *testing.T, s *server, want ...string) {
	t.Helper()
	var got []string
	for _, u := range decode[[]user](t, s.do(t, "GET", "/api/users", s.signInAdmin(t), nil).want(t, http.StatusOK)) {
		got = append(got, u.Email)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the users are %v, want %v", got, want)
	}
}
