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

// mover runs `usher migrate-data`. Where the password of PostgreSQL is, is in its
// environment.
type mover struct {
	dir string
	env []string
}

func newMover(t *testing.T, cluster *pgtest.Cluster, database string) (m mover, target string) {
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

// run returns what a move says and how it ends. It is killed after a time, if there
// is one.
func (m mover) run(t *testing.T, end time.Duration, from, to string, flags ...string) said {
	t.Helper()
	cmd := exec.Command(usher, append([]string{"migrate-data", "--from", from, "--to", to}, flags...)...)
	cmd.Dir, cmd.Env = m.dir, m.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if end > 0 {
		defer time.AfterFunc(end, func() { _ = cmd.Process.Kill() }).Stop()
	}
	_ = cmd.Wait() // its outcome is in ProcessState
	return said{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// TestMigrateData moves what a server has to PostgreSQL, killed again and again in
// the middle, and back. Who was signed in stays so, and no id is used twice.
func TestMigrateData(t *testing.T) {
	t.Parallel()
	const users = 3000
	cluster := startPostgres(t)
	database, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, target := newMover(t, cluster, database)

	s := startServer(t, options{})
	session := s.admin(t)
	var file strings.Builder
	file.WriteString("name,email,password_hash,active\n")
	for n := range users {
		fmt.Fprintf(&file, "Some,user-%d@example.com,%q,true\n", n, "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxMjM0NTY3OA$c29tZXNhbHQxMjM0NTY3OA")
	}
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.usher(t, session, "users", "import", path)
	s.addUser(t, session, "Ada", "ada@example.com", "Analytical-1")
	last := s.addUser(t, session, "Last", "last@example.com", "Analytical-1")
	s.do(t, "DELETE", "/api/users/"+number(last), session, nil).want(t, http.StatusNoContent)
	s.do(t, "POST", "/api/api-key", session, nil).want(t, http.StatusOK)
	key := string(s.do(t, "GET", "/api/api-key", session, nil).want(t, http.StatusOK).Body)
	within(t, "the activity is sealed", func() bool {
		return !strings.Contains(s.usher(t, "", "audit", "verify"), "not sealed yet")
	})
	s.stop(t)

	for range 4 {
		m.run(t, time.Duration(rand.Int64N(int64(300*time.Millisecond))), s.Data, target)
	}
	// A move that was not killed in time is done.
	if did := m.run(t, 0, s.Data, target); did.Code != 0 && !strings.Contains(did.Err, "has data already") {
		t.Fatalf("the move fails: %s%s", did.Out, did.Err)
	}
	onPostgres := startServer(t, options{
		Data: filepath.Join(t.TempDir(), "data"), NoAdmin: true,
		Flags: []string{"--server-key-file", filepath.Join(s.Data, "server.key")},
		Env:   []string{"USHER_DATABASE_URL=" + cluster.URL(database)},
	})
	next := func(s *server, email string) int64 {
		t.Helper()
		if got := string(s.do(t, "GET", "/api/api-key", session, nil).want(t, http.StatusOK).Body); got != key {
			t.Errorf("the API key is %s, want %s", got, key)
		}
		s.signIn(t, "ada@example.com", "Analytical-1")
		return s.addUser(t, session, "Next", email, "Analytical-1")
	}
	id := next(onPostgres, "next@example.com")
	if id <= last {
		t.Errorf("the next user has the id %d, and %d was given already", id, last)
	}
	other := filepath.Join(t.TempDir(), "other")
	keyFlags := []string{"--server-key-file", filepath.Join(s.Data, "server.key")}
	if did := m.run(t, 0, target, other, keyFlags...); did.Code != 1 || !strings.Contains(did.Err, "in use") {
		t.Errorf("a move from a server that runs exits with %d: %s", did.Code, did.Err)
	}
	onPostgres.stop(t)
	wrong := filepath.Join(t.TempDir(), "wrong.key")
	if err := os.WriteFile(wrong, []byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if did := m.run(t, 0, target, other, "--server-key-file", wrong); did.Code != 1 || !strings.Contains(did.Err, "hint: give the key that the data was written with") {
		t.Errorf("a move with another key exits with %d: %s", did.Code, did.Err)
	}
	m.env = append(m.env, "USHER_DATABASE_URL="+cluster.URL(database))
	if did := m.run(t, 0, "USHER_DATABASE_URL", other, keyFlags...); did.Code != 0 {
		t.Fatalf("the move back fails: %s%s", did.Out, did.Err)
	}

	back := startServer(t, options{Data: other, NoAdmin: true, Flags: keyFlags})
	if after := next(back, "more@example.com"); after <= id {
		t.Errorf("the next user has the id %d, and %d was given already", after, id)
	}
	if did := m.run(t, 0, other, filepath.Join(t.TempDir(), "another"), keyFlags...); did.Code != 1 || !strings.Contains(did.Err, "in use by process") {
		t.Errorf("a move from a directory with a server exits with %d: %s", did.Code, did.Err)
	}
	wantText(t, "the log of what was done", back.usher(t, "", append([]string{"audit", "verify"}, keyFlags...)...), "entries verified")
}

// A password on a command line is refused, and not shown.
func TestMigrateDataTakesNoPassword(t *testing.T) {
	t.Parallel()
	m := mover{dir: t.TempDir(), env: os.Environ()}
	for _, target := range []string{
		"postgres://usher:sesame@127.0.0.1:1/usher", "postgresql://127.0.0.1:1/usher?password=sesame", "postgres://usher:sesame@127.0.0.1:x/usher",
	} {
		did := m.run(t, 0, "data", target)
		if did.Code != 2 || strings.Contains(did.Out+did.Err, "sesame") {
			t.Errorf("--to with a password exits with %d: %s%s", did.Code, did.Out, did.Err)
		}
	}
}
