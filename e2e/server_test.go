package e2e_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// patience is how long a test waits for what must happen before it fails.
const patience = 30 * time.Second

// The first administrator of every server that [startServer] starts.
const (
	adminEmail    = "admin@localhost"
	adminPassword = "Correct-horse-7"
)

// options say how a server is started, beyond what all have.
type options struct {
	Data    string   // data directory; empty: a new one
	Listen  string   // empty: a free port
	Flags   []string // after --listen, --data and --log-format
	Env     []string // NAME=value
	NoAdmin bool     // leave USHER_ADMIN_PASSWORD unset
}

// server is a running `usher serve`.
type server struct {
	URL  string
	Data string

	options options
	cmd     *exec.Cmd
	log     *journal
	exited  chan struct{} // closed when the process has ended
}

// command returns `usher serve` with the options given, in an environment
// without any other setting of Usher.
func command(t *testing.T, o *options) *exec.Cmd {
	t.Helper()
	if o.Data == "" {
		o.Data = filepath.Join(t.TempDir(), "data")
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	cmd := exec.Command(usher, append([]string{"serve", "--listen", o.Listen, "--data", o.Data, "--log-format", "json"}, o.Flags...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	if !o.NoAdmin {
		cmd.Env = append(cmd.Env, "USHER_ADMIN_PASSWORD="+adminPassword)
	}
	if os.Getenv("USHER_TEST_ENGINE") == "postgres" && !slices.ContainsFunc(o.Env, namesDatabase) {
		o.Env = append(o.Env, onPostgres(pgtest.NewDatabase(t))...) // for those that start again, too
	}
	cmd.Env = append(cmd.Env, o.Env...)
	return cmd
}

// startServer starts a server and returns when it is ready. When the test ends it
// is ended by SIGTERM, unless it has ended before, and must exit with 0.
func startServer(t *testing.T, o options) *server {
	t.Helper()
	s := beginServer(t, o)
	s.awaitReady(t)
	return s
}

// beginServer is startServer without waiting until the server is ready.
func beginServer(t *testing.T, o options) *server {
	t.Helper()
	cmd := command(t, &o)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Data: o.Data, options: o, cmd: cmd, log: newJournal(), exited: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	go func() {
		defer close(s.exited)
		s.log.follow(stderr)
		_ = cmd.Wait() // its outcome is in ProcessState
	}()
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() && s.log.String() != "" {
			t.Logf("the server on %s wrote:\n%s", s.URL, s.log)
		}
	})
	return s
}

// awaitReady returns when the server is ready.
func (s *server) awaitReady(t *testing.T) {
	t.Helper()
	line := s.log.waitFor(t, "listening")
	s.URL, _ = line["url"].(string)
	if status := getStatus(t, s.URL+"/readyz"); status != http.StatusOK {
		t.Fatalf("GET /readyz answers %d", status)
	}
}

// again starts another server with the options and the data of one that has ended.
func (s *server) again(t *testing.T) *server {
	t.Helper()
	return startServer(t, s.options)
}

// stop ends the server as a service manager does.
func (s *server) stop(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
		return
	default:
	}
	s.signal(t, syscall.SIGTERM)
	s.waitExit(t)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server exited with %d after SIGTERM", code)
	}
}

// kill ends the server as a crash does.
func (s *server) kill(t *testing.T) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	s.waitExit(t)
}

func (s *server) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		t.Errorf("signal the server: %v", err)
	}
}

func (s *server) waitExit(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.exited
		t.Errorf("the server did not end within %s", patience)
	}
}

// failStart runs a server that must refuse to start, and returns what it says.
func failStart(t *testing.T, o options) string {
	t.Helper()
	cmd := command(t, &o)
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() <= 0 {
		t.Fatalf("the server started, or was stopped by the test: %v\n%s", err, out)
	}
	return string(out)
}

// journal is what a server has written to its log.
type journal struct {
	mu      sync.Mutex
	lines   []string
	ended   bool
	changed chan struct{} // closed and replaced at each change
}

func newJournal() *journal { return &journal{changed: make(chan struct{})} }

// follow reads the log to its end.
func (j *journal) follow(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		j.mu.Lock()
		if line != "" {
			j.lines = append(j.lines, line)
		}
		j.ended = err != nil
		close(j.changed)
		j.changed = make(chan struct{})
		j.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// String is the whole log.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "")
}

// forget drops what was written so far, of a server that did all right.
func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = nil
}

// find returns the first line with the message given.
func (j *journal) find(message string) (line map[string]any, ended bool, changed <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, text := range j.lines {
		var parsed map[string]any
		if json.Unmarshal([]byte(text), &parsed) == nil && parsed["msg"] == message {
			return parsed, j.ended, j.changed
		}
	}
	return nil, j.ended, j.changed
}

// waitFor returns the first line with the message given as soon as it is there.
func (j *journal) waitFor(t *testing.T, message string) map[string]any {
	t.Helper()
	timeout := time.After(patience)
	for {
		line, ended, changed := j.find(message)
		if line != nil {
			return line
		}
		if ended {
			t.Fatalf("the server ended before it said %q:\n%s", message, j)
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the server did not say %q within %s:\n%s", message, patience, j)
		}
	}
}

// within calls f every few milliseconds until it returns true, for what can only
// be asked and does not tell. It fails the test after [patience].
func within(t *testing.T, what string, f func() bool) {
	t.Helper()
	withinTime(t, patience, what, f)
}

// withinTime is within for what takes longer.
func withinTime(t *testing.T, limit time.Duration, what string, f func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(limit); !f(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain until %s", limit, what)
		}
	}
}

// fileMode returns the permission bits of a file.
func fileMode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	if got := fileMode(t, path); got != want {
		t.Errorf("%s has the mode %v, want %v", filepath.Base(path), got, want)
	}
}

func wantText(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s does not have %q:\n%s", what, part, text)
		}
	}
}

func number(n int64) string { return fmt.Sprint(n) }
