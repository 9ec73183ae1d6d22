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

// TestPostgresBackups tries what docs/running.md says of backups on PostgreSQL: a dump that
// is restored into another database, and going back to a moment.
func TestPostgresBackups(t *testing.T) {
	t.Parallel()
	c := startPostgres(t, "archive_mode=on", "archive_command=mkdir -p ../wal && test ! -f ../wal/%f && cp %p ../wal/%f")
	pg(t, c, "createdb", "usher")
	on := func(database string) options { return options{Env: onPostgres(c, database)} }
	s := startServer(t, on("usher"))
	key := s.admin(t)
	s.addUser(t, key, "Early", "early@example.com", adminPassword)

	pg(t, c, "pg_dump", "--format=custom", "--file=usher.dump", "usher")
	s.addUser(t, key, "Late", "late@example.com", adminPassword)
	pg(t, c, "createdb", "--owner="+pgtest.Superuser, "--encoding=UTF8", "--template=template0", "restored")
	pg(t, c, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--role="+pgtest.Superuser, "--dbname=restored", "usher.dump")
	dumped := startServer(t, on("restored"))
	wantAddresses(t, dumped, adminEmail, "early@example.com")
	dumped.addUser(t, key, "Again", "late@example.com", adminPassword)
	dumped.wantSealed(t)
	dumped.stop(t)

	pg(t, c, "pg_basebackup", "--pgdata=base", "--checkpoint=fast")
	s.addUser(t, key, "Kept", "kept@example.com", adminPassword)
	moment := strings.TrimSpace(pg(t, c, "psql", "--no-align", "--tuples-only", "--command=SELECT clock_timestamp()", "usher"))
	s.addUser(t, key, "Mistake", "mistake@example.com", adminPassword)
	s.stop(t)
	if err := c.Stop(); err != nil { // which archives the last changes too
		t.Fatal(err)
	}
	pg(t, c, "mv", "data", "data.before")
	pg(t, c, "cp", "-a", "base", "data")
	pg(t, c, "touch", "data/recovery.signal")
	appendFile(t, filepath.Join(c.Data(), "postgresql.auto.conf"), fmt.Sprintf(
		"restore_command = 'cp ../wal/%%f %%p'\nrecovery_target_time = '%s'\nrecovery_target_action = 'promote'\n", moment))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, "the recovery is done", func() bool {
		return strings.TrimSpace(pg(t, c, "psql", "--no-align", "--tuples-only", "--command=SELECT pg_is_in_recovery()", "usher")) == "f"
	})
	recovered := startServer(t, on("usher"))
	wantAddresses(t, recovered, adminEmail, "early@example.com", "late@example.com", "kept@example.com")
	recovered.addUser(t, key, "Again", "mistake@example.com", adminPassword)
	recovered.wantSealed(t)
}

// pg runs a program as the owner of a cluster, in its directory, and returns what
// it wrote. Those of PostgreSQL find the cluster.
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

func appendFile(t *testing.T, path, text string) {
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

// wantAddresses fails the test unless a server has these users and no others.
func wantAddresses(t *testing.T, s *server, want ...string) {
	t.Helper()
	var got []string
	for _, u := range into[[]user](t, s.do(t, "GET", "/api/users", s.admin(t), nil).want(t, http.StatusOK)) {
		got = append(got, u.Email)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the users are %v, want %v", got, want)
	}
}
