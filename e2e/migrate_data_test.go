package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// dataMover runs `usher migrate-data` in a directory of its own. An environment variable names the file that contains
// PostgreSQL's password.
type dataMover struct {
	dir string
	env []string
}

// newDataMover returns a data mover, and the URL of a target database. The URL doesn't contain the password.
func newDataMover(t *testing.T, cluster *pgtest.Cluster, database string) (m dataMover, target string) {
	t.Helper()
	m.dir = t.TempDir()
	passwords := filepath.Join(m.dir, "pgpass")
	line := fmt.Sprintf("127.0.0.1:%d:%s:%s:%s\n", cluster.Port, database, pgtest.Superuser, cluster.Password)
	if err := os.WriteFile(passwords, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	m.env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	m.env = append(m.env, "PGPASSFILE="+passwords)
	address, err := url.Parse(cluster.URL(database))
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.User(address.User.Username())
	return m, address.String()
}

// run moves the data of the database source to the database target. If killAfter is not 0, it kills the process after
// that time.
func (m dataMover) run(t *testing.T, killAfter time.Duration, source, target string, flags ...string) commandResult {
	t.Helper()
	cmd := exec.Command(usher, append([]string{"migrate-data", "--from", source, "--to", target}, flags...)...)
	cmd.Dir, cmd.Env = m.dir, m.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if killAfter > 0 {
		defer time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() }).Stop()
	}
	_ = cmd.Wait() // the exit code is in ProcessState
	return commandResult{Stdout: stdout.String(), Stderr: stderr.String(), ExitCode: cmd.ProcessState.ExitCode()}
}

// TestMigrateData moves the data of a server to PostgreSQL and back. It kills the first moves at random times and
// repeats them. Sessions must stay valid, and ids of deleted users must not be used again.
func TestMigrateData(t *testing.T) {
	t.Parallel()
	const users = 3000
	cluster := startPostgres(t)
	database, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, target := newDataMover(t, cluster, database)

	s := startServer(t, options{})
	session := s.signInAdmin(t)
	var file strings.Builder
	file.WriteString("name,email,password_hash,active\n")
	const hash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$c29tZXNhbHQxMjM0NTY3OA"
	for n := range users {
		fmt.Fprintf(&file, "Some,user-%d@example.com,%q,true\n", n, hash)
	}
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustRun(t, session, "users", "import", path)
	s.addUser(t, session, "Ada", "ada@example.com", "Analytical-1")
	last := s.addUser(t, session, "Last", "last@example.com", "Analytical-1")
	s.do(t, "DELETE", "/api/users/"+formatID(last), session, nil).want(t, http.StatusNoContent)
	s.do(t, "POST", "/api/api-key", session, nil).want(t, http.StatusOK)
	key := string(s.do(t, "GET", "/api/api-key", session, nil).want(t, http.StatusOK).Body)
	eventually(t, "the activity log is sealed", func() bool {
		return !strings.Contains(s.mustRun(t, "", "audit", "verify"), "not sealed yet")
	})
	s.stop(t)

	for range 4 {
		m.run(t, time.Duration(rand.Int64N(int64(300*time.Millisecond))), s.Data, target)
	}
	// The killed process may already have finished the move.
	result := m.run(t, 0, s.Data, target)
	if result.ExitCode != 0 && !strings.Contains(result.Stderr, "has data already") {
		t.Fatalf("the move failed: %s%s", result.Stdout, result.Stderr)
	}
	moved := startServer(t, options{
		Data: filepath.Join(t.TempDir(), "data"), NoAdmin: true,
		Flags: []string{"--server-key-file", filepath.Join(s.Data, "server.key")},
		Env:   []string{"USHER_DATABASE_URL=" + cluster.URL(database)},
	})
	addNext := func(s *server, email string) int64 {
		t.Helper()
		if got := string(s.do(t, "GET", "/api/api-key", session, nil).want(t, http.StatusOK).Body); got != key {
			t.Errorf("the API key is %s, want %s", got, key)
		}
		s.signIn(t, "ada@example.com", "Analytical-1")
		return s.addUser(t, session, "Next", email, "Analytical-1")
	}
	id := addNext(moved, "next@example.com")
	if id <= last {
		t.Errorf("the next user has the id %d, although %d was used already", id, last)
	}
	other := filepath.Join(t.TempDir(), "other")
	keyFlags := []string{"--server-key-file", filepath.Join(s.Data, "server.key")}
	result = m.run(t, 0, target, other, keyFlags...)
	if result.ExitCode != 1 || !strings.Contains(result.Stderr, "in use") {
		t.Errorf("a move from a running server exits with %d: %s", result.ExitCode, result.Stderr)
	}
	moved.stop(t)
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	if err := os.WriteFile(wrong, []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	result = m.run(t, 0, target, other, "--server-key-file", wrong)
	if result.ExitCode != 1 || !strings.Contains(result.Stderr, "hint: give the key that the data was written with") {
		t.Errorf("a move with another key exits with %d: %s", result.ExitCode, result.Stderr)
	}
	m.env = append(m.env, "USHER_DATABASE_URL="+cluster.URL(database))
	if result := m.run(t, 0, "USHER_DATABASE_URL", other, keyFlags...); result.ExitCode != 0 {
		t.Fatalf("the move back failed: %s%s", result.Stdout, result.Stderr)
	}

	back := startServer(t, options{Data: other, NoAdmin: true, Flags: keyFlags})
	if after := addNext(back, "more@example.com"); after <= id {
		t.Errorf("the next user has the id %d, although %d was used already", after, id)
	}
	result = m.run(t, 0, other, filepath.Join(t.TempDir(), "another"), keyFlags...)
	if result.ExitCode != 1 || !strings.Contains(result.Stderr, "in use by process") {
		t.Errorf("a move from the data directory of a running server exits with %d: %s", result.ExitCode, result.Stderr)
	}
	verify := append([]string{"audit", "verify"}, keyFlags...)
	wantContains(t, "the activity log", back.mustRun(t, "", verify...), "entries verified")
}

// TestMigrateDataTakesNoPassword checks that the command refuses a password in a command-line argument, and doesn't
// print it.
func TestMigrateDataTakesNoPassword(t *testing.T) {
	t.Parallel()
	m := dataMover{dir: t.TempDir(), env: os.Environ()}
	for _, target := range []string{
		"postgres://usher:sesame@127.0.0.1:1/usher", "postgresql://127.0.0.1:1/usher?password=sesame",
		"postgres://usher:sesame@127.0.0.1:x/usher",
	} {
		result := m.run(t, 0, "data", target)
		if result.ExitCode != 2 || strings.Contains(result.Stdout+result.Stderr, "sesame") {
			t.Errorf("--to with a password exits with %d: %s%s", result.ExitCode, result.Stdout, result.Stderr)
		}
	}
}
