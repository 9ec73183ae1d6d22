package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// serverKey is the key of every server on PostgreSQL.
const serverKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// startPostgres starts a cluster of the test's own.
func startPostgres(t *testing.T, settings ...string) *pgtest.Cluster {
	t.Helper()
	cluster, err := pgtest.Durable(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Remove(); err != nil {
			t.Error(err)
		}
	})
	return cluster
}

// onPostgres is the environment of servers on a database.
func onPostgres(cluster *pgtest.Cluster, database string) []string {
	return []string{"USHER_DATABASE_URL=" + cluster.URL(database), "USHER_SERVER_KEY=" + serverKey}
}

// execute runs statements in a database of the cluster.
func execute(t *testing.T, cluster *pgtest.Cluster, database string, statements ...string) {
	t.Helper()
	for _, statement := range statements { // each in a transaction of its own
		if err := cluster.Exec(t.Context(), database, statement); err != nil {
			t.Fatal(err)
		}
	}
}

// namesDatabase tells whether a variable names a database of PostgreSQL.
func namesDatabase(variable string) bool { return strings.HasPrefix(variable, "USHER_DATABASE_URL") }

// TestPostgresFirstStart: what a start on a new database of PostgreSQL needs, and
// that nothing is made without.
func TestPostgresFirstStart(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	at := "USHER_DATABASE_URL=" + cluster.URL(name)
	key := "USHER_SERVER_KEY=" + serverKey
	said := failStart(t, options{Env: []string{at}})
	wantText(t, "a start without a server key", said, "needs the server key", "hint: make one with `openssl rand -base64 32`")
	said = failStart(t, options{Env: []string{at, key}, NoAdmin: true})
	wantText(t, "a start without a password", said, "needs the password of its first administrator", "hint: set USHER_ADMIN_PASSWORD")

	// The URL may be in a file, as may the key.
	directory := t.TempDir()
	for file, text := range map[string]string{"url": cluster.URL(name), "key": serverKey} {
		if err := os.WriteFile(filepath.Join(directory, file), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startServer(t, options{
		Flags: []string{"--server-key-file", filepath.Join(directory, "key")},
		Env:   []string{"USHER_DATABASE_URL_FILE=" + filepath.Join(directory, "url")},
	})
	s.addUser(t, s.admin(t), "Ada", "ada@example.com", "Analytical-1")
	for _, file := range []string{"server.key", "usher.db", "initial-admin-password"} {
		if _, err := os.Stat(filepath.Join(s.Data, file)); err == nil {
			t.Errorf("there is a file %s", file)
		}
	}
	s.stop(t)

	said = failStart(t, options{Env: []string{at, "USHER_SERVER_KEY=" + strings.Repeat("A", 43) + "="}})
	wantText(t, "a start with another key", said, "the server key is not the one", "nothing was changed")

}

// TestNewerSchemaOnPostgres is TestNewerSchema for the other engine.
func TestNewerSchemaOnPostgres(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	o := options{Env: onPostgres(cluster, name)}
	s := startServer(t, o)
	s.stop(t)
	execute(t, cluster, name, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
	wantText(t, "what the server says", failStart(t, o), "migrated by a later release", "its schema is 9999", "nothing was changed")
	s.refuse(t, "", "migrated by a later release", "admin", "unlock", adminEmail)
	execute(t, cluster, name, "DELETE FROM goose_db_version WHERE version_id = 9999")
	s.again(t).admin(t)
}

// TestPostgresSettings: settings that cannot be are refused, and none of what is
// said shows the password in the URL.
func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	const password = "Never-shown-1"
	for name, test := range map[string]struct {
		url   string
		flags []string
		want  string
	}{
		"another host in clear":  {"postgres://usher:" + password + "@db.example.org/usher?sslmode=disable", nil, "sslmode=verify-full"},
		"another host, no word":  {"postgres://usher:" + password + "@db.example.org/usher", nil, "sslmode=verify-full"},
		"one of two in clear":    {"postgres://usher:" + password + "@127.0.0.1,db.example.org/usher?sslmode=prefer", nil, "sslmode=verify-full"},
		"no URL":                 {"postgres://usher:" + password + "@db:port:/", nil, "cannot be read"},
		"too many connections":   {"postgres://usher:" + password + "@127.0.0.1/usher", []string{"--database-connections", "1001"}, "--database-connections must be from 1 to 1000"},
		"less than a connection": {"postgres://usher:" + password + "@127.0.0.1/usher", []string{"--database-connections=-1"}, "--database-connections must be from 1 to 1000"},
		"too short a time":       {"postgres://usher:" + password + "@127.0.0.1/usher", []string{"--database-timeout", "99ms"}, "--database-timeout must be from 100ms to 1m0s"},
		"too long a time":        {"postgres://usher:" + password + "@127.0.0.1/usher", []string{"--database-timeout", "61s"}, "--database-timeout must be from 100ms to 1m0s"},
	} {
		said := failStart(t, options{Flags: test.flags, Env: []string{"USHER_DATABASE_URL=" + test.url, "USHER_SERVER_KEY=" + serverKey}})
		if wantText(t, name, said, test.want); strings.Contains(said, password) {
			t.Errorf("%s: it shows the password: %s", name, said)
		}
	}
}

// TestPostgresRefusals: what waiting does not mend ends a start at once, with what
// to do.
func TestPostgresRefusals(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	execute(t, cluster, name, "CREATE ROLE guest_"+name+" LOGIN PASSWORD 'Never-shown-1'")
	at := cluster.URL(name)
	for what, test := range map[string]struct{ url, want string }{
		"a wrong password":         {strings.Replace(at, cluster.Password, "Never-shown-2", 1), "hint: the user or the password in the URL is wrong"},
		"no such database":         {cluster.URL("nowhere"), "hint: make the database first: CREATE DATABASE"},
		"a parameter of no kind":   {at + "&nonsense=1", "hint: a parameter of the URL is none that PostgreSQL knows"},
		"no right to make tables":  {strings.Replace(at, "usher:"+cluster.Password, "guest_"+name+":Never-shown-1", 1), "GRANT CREATE ON SCHEMA public"},
		"no file of the authority": {strings.Replace(at, "sslmode=disable", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem", 1), "/nowhere/ca.pem"},
		"no such sslmode":          {strings.Replace(at, "sslmode=disable", "sslmode=verify-ful", 1), "sslmode is invalid"},
	} {
		said := failStart(t, options{Env: []string{"USHER_DATABASE_URL=" + test.url, "USHER_SERVER_KEY=" + serverKey}})
		wantText(t, what, said, test.want)
		for _, hidden := range []string{cluster.Password, "Never-shown", "waiting for PostgreSQL", "try again"} {
			if strings.Contains(said, hidden) {
				t.Errorf("%s: it says %q: %s", what, hidden, said)
			}
		}
	}
	execute(t, cluster, name, "DROP ROLE guest_"+name)
}

// TestPostgresTenStartAtOnce: of servers that start together on an empty database
// one migrates it and one sets it up; all serve.
func TestPostgresTenStartAtOnce(t *testing.T) {
	t.Parallel()
	env := append(onPostgres(pgtest.NewDatabase(t)), "GOMAXPROCS=1")
	var servers []*server
	for range 10 {
		servers = append(servers, beginServer(t, options{Env: env}))
	}
	for _, s := range servers {
		s.awaitReady(t)
	}
	setUps := 0
	for _, s := range servers {
		if line, _, _ := s.log.find("set up a new database"); line != nil {
			setUps++
		}
	}
	if setUps != 1 {
		t.Errorf("%d servers have set up the database, want 1", setUps)
	}
	admin := servers[0].admin(t) // a session of one holds on all
	for _, s := range servers {
		if users := into[[]fields](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK)); len(users) != 1 {
			t.Errorf("there are %d users", len(users))
		}
	}
}

// TestPostgresComesAndGoes: a server waits for PostgreSQL at its start, answers 503
// while it is away later, and goes on without a restart.
func TestPostgresComesAndGoes(t *testing.T) {
	t.Parallel()
	cluster := startPostgres(t)
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	s := beginServer(t, options{Env: onPostgres(cluster, "postgres")})
	s.log.waitFor(t, "waiting for PostgreSQL")
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	s.awaitReady(t)
	admin := s.admin(t)
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	s.do(t, "GET", "/api/users", admin, nil).wantError(t, http.StatusServiceUnavailable, "UNAVAILABLE")
	s.do(t, "PATCH", "/api/users/1", admin, fields{"name": "Root"}).wantError(t, http.StatusServiceUnavailable, "UNAVAILABLE")
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK} {
		if status := getStatus(t, s.URL+path); status != want {
			t.Errorf("GET %s answers %d without PostgreSQL, want %d", path, status, want)
		}
	}
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, "the server is ready again", func() bool { return getStatus(t, s.URL+"/readyz") == http.StatusOK })
	s.do(t, "PATCH", "/api/users/1", admin, fields{"name": "Root"}).want(t, http.StatusOK)
}

// TestPostgresIsAway: a start gives up on a PostgreSQL that does not come.
func TestPostgresIsAway(t *testing.T) {
	t.Parallel()
	said := failStart(t, options{Env: []string{"USHER_DATABASE_URL=postgres://usher:Never-shown-1@127.0.0.1:1/usher", "USHER_SERVER_KEY=" + serverKey}})
	if wantText(t, "a start without PostgreSQL", said, "usher at 127.0.0.1:1", "hint: the database must answer"); strings.Contains(said, "Never-shown-1") {
		t.Errorf("it shows the password: %s", said)
	}
}

// TestPostgresEmergency: the commands that work on the data itself do so on
// PostgreSQL, beside a running server, and nothing of theirs is made where none is.
func TestPostgresEmergency(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Env: append(onPostgres(pgtest.NewDatabase(t)), "USHER_PASSWORD=Second-horse-7")})
	s.usher(t, "", "admin", "create", "--name", "Ada", "ada@example.com")
	ada := s.signIn(t, "ada@example.com", "Second-horse-7")
	s.usher(t, "", "admin", "end-sessions", "ada@example.com")
	within(t, "the session has ended", func() bool {
		return s.do(t, "GET", "/api/users/whoami", ada, nil).Status == http.StatusUnauthorized
	})
	s.usher(t, "", "admin", "reset-password", "ada@example.com")
	s.signIn(t, "ada@example.com", "Second-horse-7")
	for range 3 {
		s.do(t, "POST", "/api/login", "", fields{"email": "ada@example.com", "password": "Wrong-horse-77"})
	}
	s.refuseSignIn(t, "ada@example.com", "Second-horse-7")
	s.usher(t, "", "admin", "unlock", "ada@example.com")
	s.signIn(t, "ada@example.com", "Second-horse-7")

	admin := s.admin(t)
	within(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.usher(t, admin, "audit", "export"), `"sealed":false`)
	})
	wantText(t, "the activity log", s.usher(t, "", "audit", "verify"), "entries verified")

	empty := *s
	empty.options.Env = onPostgres(pgtest.NewDatabase(t))
	empty.refuse(t, "", "never set up", "admin", "unlock", "ada@example.com")
}
