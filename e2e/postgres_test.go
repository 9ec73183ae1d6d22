package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// serverKey is the server key of all servers on PostgreSQL.
const serverKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// startPostgres starts a PostgreSQL cluster for one test.
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

// onPostgres returns the environment variables of a server that uses the database.
func onPostgres(cluster *pgtest.Cluster, database string) []string {
	return []string{"USHER_DATABASE_URL=" + cluster.URL(database), "USHER_SERVER_KEY=" + serverKey}
}

// execSQL runs statements in a database of the cluster. Each statement is its own transaction.
func execSQL(t *testing.T, cluster *pgtest.Cluster, database string, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if err := cluster.Exec(t.Context(), database, statement); err != nil {
			t.Fatal(err)
		}
	}
}

// namesDatabase reports whether variable, in the form NAME=value, sets the database URL or the file that contains it.
func namesDatabase(variable string) bool { return strings.HasPrefix(variable, "USHER_DATABASE_URL") }

// TestPostgresFirstStart checks that the first start on PostgreSQL fails without a server key and an administrator
// password. The server must not create key or password files instead.
func TestPostgresFirstStart(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	at := "USHER_DATABASE_URL=" + cluster.URL(name)
	key := "USHER_SERVER_KEY=" + serverKey
	output := startFailure(t, options{Env: []string{at}})
	wantContains(t, "a start without a server key", output,
		"needs the server key", "hint: make one with `openssl rand -base64 32`")
	output = startFailure(t, options{Env: []string{at, key}, NoAdmin: true})
	wantContains(t, "a start without a password", output,
		"needs the password of its first administrator", "hint: set USHER_ADMIN_PASSWORD")

	// The URL and the key may also be in files, which environment variables name.
	dir := t.TempDir()
	for file, text := range map[string]string{"url": cluster.URL(name), "key": serverKey} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := startServer(t, options{
		Flags: []string{"--server-key-file", filepath.Join(dir, "key")},
		Env:   []string{"USHER_DATABASE_URL_FILE=" + filepath.Join(dir, "url")},
	})
	s.addUser(t, s.signInAdmin(t), "Ada", "ada@example.com", "Analytical-1")
	for _, file := range []string{"server.key", "usher.db", "initial-admin-password"} {
		if _, err := os.Stat(filepath.Join(s.Data, file)); err == nil {
			t.Errorf("the file %s exists", file)
		}
	}
	s.stop(t)

	output = startFailure(t, options{Env: []string{at, "USHER_SERVER_KEY=" + strings.Repeat("A", 43) + "="}})
	wantContains(t, "a start with another key", output, "the server key is not the one", "nothing was changed")
}

// TestNewerSchemaOnPostgres is TestNewerSchema on PostgreSQL.
func TestNewerSchemaOnPostgres(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	o := options{Env: onPostgres(cluster, name)}
	s := startServer(t, o)
	s.stop(t)
	execSQL(t, cluster, name, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)")
	wantContains(t, "the output of the server", startFailure(t, o),
		"migrated by a later release", "its schema is 9999", "nothing was changed")
	s.mustFail(t, "", "migrated by a later release", "admin", "unlock", adminEmail)
	execSQL(t, cluster, name, "DELETE FROM goose_db_version WHERE version_id = 9999")
	s.restart(t).signInAdmin(t)
}

// TestPostgresSettings checks that invalid database settings are refused, and that the output never contains the
// password in the database URL.
func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	const password = "Never-shown-1"
	const local = "postgres://usher:" + password + "@127.0.0.1/usher"
	for name, test := range map[string]struct {
		url   string
		flags []string
		want  string
	}{
		"remote host, sslmode=disable": {
			"postgres://usher:" + password + "@db.example.org/usher?sslmode=disable", nil, "sslmode=verify-full",
		},
		"remote host, no sslmode": {
			"postgres://usher:" + password + "@db.example.org/usher", nil, "sslmode=verify-full",
		},
		"local and remote host, sslmode=prefer": {
			"postgres://usher:" + password + "@127.0.0.1,db.example.org/usher?sslmode=prefer", nil,
			"sslmode=verify-full",
		},
		"malformed URL": {"postgres://usher:" + password + "@db:port:/", nil, "cannot be read"},
		"too many connections": {
			local, []string{"--database-connections", "1001"}, "--database-connections must be from 1 to 1000",
		},
		"too few connections": {
			local, []string{"--database-connections=-1"}, "--database-connections must be from 1 to 1000",
		},
		"timeout too short": {
			local, []string{"--database-timeout", "99ms"}, "--database-timeout must be from 100ms to 1m0s",
		},
		"timeout too long": {
			local, []string{"--database-timeout", "61s"}, "--database-timeout must be from 100ms to 1m0s",
		},
	} {
		env := []string{"USHER_DATABASE_URL=" + test.url, "USHER_SERVER_KEY=" + serverKey}
		output := startFailure(t, options{Flags: test.flags, Env: env})
		if wantContains(t, name, output, test.want); strings.Contains(output, password) {
			t.Errorf("%s: the output contains the password: %s", name, output)
		}
	}
}

// TestPostgresConfigurationErrors checks that a start fails at once, with a hint, after errors that waiting can't
// resolve.
func TestPostgresConfigurationErrors(t *testing.T) {
	t.Parallel()
	cluster, name := pgtest.NewDatabase(t)
	execSQL(t, cluster, name, "CREATE ROLE guest_"+name+" LOGIN PASSWORD 'Never-shown-1'")
	url := cluster.URL(name)
	withSSLMode := func(parameters string) string {
		return strings.Replace(url, "sslmode=disable", "sslmode="+parameters, 1)
	}
	for what, test := range map[string]struct{ url, want string }{
		"wrong password": {
			strings.Replace(url, cluster.Password, "Never-shown-2", 1),
			"hint: the user or the password in the URL is wrong",
		},
		"missing database": {cluster.URL("nowhere"), "hint: make the database first: CREATE DATABASE"},
		"unknown parameter": {
			url + "&nonsense=1", "hint: a parameter of the URL is none that PostgreSQL knows",
		},
		"no privilege to create tables": {
			strings.Replace(url, "usher:"+cluster.Password, "guest_"+name+":Never-shown-1", 1),
			"GRANT CREATE ON SCHEMA public",
		},
		"missing CA file": {withSSLMode("verify-full&sslrootcert=/nowhere/ca.pem"), "/nowhere/ca.pem"},
		"unknown sslmode": {withSSLMode("verify-ful"), "sslmode is invalid"},
	} {
		env := []string{"USHER_DATABASE_URL=" + test.url, "USHER_SERVER_KEY=" + serverKey}
		output := startFailure(t, options{Env: env})
		wantContains(t, what, output, test.want)
		for _, hidden := range []string{cluster.Password, "Never-shown", "waiting for PostgreSQL", "try again"} {
			if strings.Contains(output, hidden) {
				t.Errorf("%s: the output contains %q: %s", what, hidden, output)
			}
		}
	}
	execSQL(t, cluster, name, "DROP ROLE guest_"+name)
}

// TestPostgresConcurrentFirstStart starts ten servers on an empty database. One server creates the schema and one sets
// up the first administrator. All ten must become ready.
func TestPostgresConcurrentFirstStart(t *testing.T) {
	t.Parallel()
	env := append(onPostgres(pgtest.NewDatabase(t)), "GOMAXPROCS=1")
	var servers []*server
	for range 10 {
		servers = append(servers, launchServer(t, options{Env: env}))
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
	admin := servers[0].signInAdmin(t) // the session is valid on all servers
	for _, s := range servers {
		users := decode[[]fields](t, s.do(t, "GET", "/api/users", admin, nil).want(t, http.StatusOK))
		if len(users) != 1 {
			t.Errorf("there are %d users, want 1", len(users))
		}
	}
}

// TestPostgresOutage checks that a starting server waits for PostgreSQL, and that a running server responds with 503
// during an outage. After the outage the server must recover without a restart.
func TestPostgresOutage(t *testing.T) {
	t.Parallel()
	cluster := startPostgres(t)
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	s := launchServer(t, options{Env: onPostgres(cluster, "postgres")})
	s.log.waitFor(t, "waiting for PostgreSQL")
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	s.awaitReady(t)
	admin := s.signInAdmin(t)
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	s.do(t, "GET", "/api/users", admin, nil).wantError(t, http.StatusServiceUnavailable, "UNAVAILABLE")
	s.do(t, "PATCH", "/api/users/1", admin, fields{"name": "Root"}).
		wantError(t, http.StatusServiceUnavailable, "UNAVAILABLE")
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK} {
		if status := getStatus(t, s.URL+path); status != want {
			t.Errorf("GET %s answers %d without PostgreSQL, want %d", path, status, want)
		}
	}
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server is ready again", func() bool {
		return getStatus(t, s.URL+"/readyz") == http.StatusOK
	})
	s.do(t, "PATCH", "/api/users/1", admin, fields{"name": "Root"}).want(t, http.StatusOK)
}

// TestPostgresUnreachable checks that the start of a server fails if PostgreSQL stays unreachable.
func TestPostgresUnreachable(t *testing.T) {
	t.Parallel()
	const url = "postgres://usher:Never-shown-1@127.0.0.1:1/usher"
	output := startFailure(t, options{Env: []string{"USHER_DATABASE_URL=" + url, "USHER_SERVER_KEY=" + serverKey}})
	wantContains(t, "a start without PostgreSQL", output, "usher at 127.0.0.1:1", "hint: the database must answer")
	if strings.Contains(output, "Never-shown-1") {
		t.Errorf("the output contains the password: %s", output)
	}
}

// TestPostgresAdminCommands runs the commands that change the database directly, on PostgreSQL, next to a running
// server. On an empty database the commands must fail and create nothing.
func TestPostgresAdminCommands(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Env: append(onPostgres(pgtest.NewDatabase(t)), "USHER_PASSWORD=Second-horse-7")})
	s.mustRun(t, "", "admin", "create", "--name", "Ada", "ada@example.com")
	ada := s.signIn(t, "ada@example.com", "Second-horse-7")
	s.mustRun(t, "", "admin", "end-sessions", "ada@example.com")
	eventually(t, "the session is revoked", func() bool {
		return s.do(t, "GET", "/api/users/whoami", ada, nil).Status == http.StatusUnauthorized
	})
	s.mustRun(t, "", "admin", "reset-password", "ada@example.com")
	s.signIn(t, "ada@example.com", "Second-horse-7")
	for range 3 {
		s.do(t, "POST", "/api/login", "", fields{"email": "ada@example.com", "password": "Wrong-horse-77"})
	}
	s.wantSignInRefused(t, "ada@example.com", "Second-horse-7")
	s.mustRun(t, "", "admin", "unlock", "ada@example.com")
	s.signIn(t, "ada@example.com", "Second-horse-7")

	admin := s.signInAdmin(t)
	eventually(t, "all entries are sealed", func() bool {
		return !strings.Contains(s.mustRun(t, admin, "audit", "export"), `"sealed":false`)
	})
	wantContains(t, "the activity log", s.mustRun(t, "", "audit", "verify"), "entries verified")

	empty := *s
	empty.options.Env = onPostgres(pgtest.NewDatabase(t))
	empty.mustFail(t, "", "never set up", "admin", "unlock", "ada@example.com")
}
