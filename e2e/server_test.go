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

// defaultTimeout is how long a test waits for a condition before it fails.
const defaultTimeout = 30 * time.Second

// Credentials of the first administrator on the servers that [startServer] starts.
const (
	adminEmail    = "admin@localhost"
	adminPassword = "Correct-horse-7"
)

// options configure one server. The zero value is valid.
type options struct {
	Data    string   // data directory; "": a new one
	Listen  string   // listen address; "": a free port
	Flags   []string // flags after --listen, --data and --log-format
	Env     []string // environment variables, each NAME=value
	NoAdmin bool     // leaves USHER_ADMIN_PASSWORD unset
}

// server is a `usher serve` process.
type server struct {
	URL  string
	Data string

	options options
	cmd     *exec.Cmd
	log     *serverLog
	exited  chan struct{} // closed when the process has exited
}

// command prepares `usher serve` with the options. The process does not inherit USHER_ variables from the test's
// environment.
func command(t *testing.T, o *options) *exec.Cmd {
	t.Helper()
	if o.Data == "" {
		o.Data = filepath.Join(t.TempDir(), "data")
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	flags := append([]string{"serve", "--listen", o.Listen, "--data", o.Data, "--log-format", "json"}, o.Flags...)
	cmd := exec.Command(usher, flags...)
	cmd.Dir = t.TempDir()
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "USHER_") })
	if !o.NoAdmin {
		cmd.Env = append(cmd.Env, "USHER_ADMIN_PASSWORD="+adminPassword)
	}
	if os.Getenv("USHER_TEST_ENGINE") == "postgres" && !slices.ContainsFunc(o.Env, namesDatabase) {
		o.Env = append(o.Env, onPostgres(pgtest.NewDatabase(t))...) // in o, so that a restart uses the same database
	}
	cmd.Env = append(cmd.Env, o.Env...)
	return cmd
}

// startServer starts a server and waits until it is ready. At the end of the test a server that is still running gets
// SIGTERM, and must exit with code 0.
func startServer(t *testing.T, o options) *server {
	t.Helper()
	s := launchServer(t, o)
	s.awaitReady(t)
	return s
}

// launchServer starts a server without waiting until it is ready.
func launchServer(t *testing.T, o options) *server {
	t.Helper()
	cmd := command(t, &o)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{Data: o.Data, options: o, cmd: cmd, log: newServerLog(), exited: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	go func() {
		defer close(s.exited)
		s.log.read(stderr)
		_ = cmd.Wait() // the exit code is in ProcessState
	}()
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() && s.log.String() != "" {
			t.Logf("the log of the server on %s:\n%s", s.URL, s.log)
		}
	})
	return s
}

// awaitReady waits until the server is ready.
func (s *server) awaitReady(t *testing.T) {
	t.Helper()
	line := s.log.waitFor(t, "listening")
	s.URL, _ = line["url"].(string)
	if status := getStatus(t, s.URL+"/readyz"); status != http.StatusOK {
		t.Fatalf("GET /readyz answers %d", status)
	}
}

// restart starts a server with the options and the data directory of a server that has exited.
func (s *server) restart(t *testing.T) *server {
	t.Helper()
	return startServer(t, s.options)
}

// stop ends the server with SIGTERM, as a service manager does.
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

// kill ends the server with SIGKILL, which simulates a crash.
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
	case <-time.After(defaultTimeout):
		_ = s.cmd.Process.Kill()
		<-s.exited
		t.Errorf("the server did not end within %s", defaultTimeout)
	}
}

// startFailure runs a server that must fail to start, and returns the server's output.
func startFailure(t *testing.T, o options) string {
	t.Helper()
	cmd := command(t, &o)
	timer := time.AfterFunc(defaultTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() <= 0 {
		t.Fatalf("the server started, or did not exit in time: %v\n%s", err, out)
	}
	return string(out)
}

// serverLog collects the log lines of a server.
type serverLog struct {
	mu      sync.Mutex
	lines   []string
	ended   bool
	changed chan struct{} // closed and replaced whenever the log changes
}

func newServerLog() *serverLog { return &serverLog{changed: make(chan struct{})} }

// read reads log lines from r until its end.
func (l *serverLog) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		l.mu.Lock()
		if line != "" {
			l.lines = append(l.lines, line)
		}
		l.ended = err != nil
		close(l.changed)
		l.changed = make(chan struct{})
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// String returns all log lines so far.
func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "")
}

// discard drops the log lines so far, to keep the output of a failed test short.
func (l *serverLog) discard() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
}

// find returns the first log line with the message, or nil if there is none. It also reports whether the log has ended,
// and returns a channel that is closed when the log changes.
func (l *serverLog) find(message string) (line map[string]any, ended bool, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range l.lines {
		var parsed map[string]any
		if json.Unmarshal([]byte(text), &parsed) == nil && parsed["msg"] == message {
			return parsed, l.ended, l.changed
		}
	}
	return nil, l.ended, l.changed
}

// waitFor waits for a log line with the message and returns the first one.
func (l *serverLog) waitFor(t *testing.T, message string) map[string]any {
	t.Helper()
	timeout := time.After(defaultTimeout)
	for {
		line, ended, changed := l.find(message)
		if line != nil {
			return line
		}
		if ended {
			t.Fatalf("the server ended before it logged %q:\n%s", message, l)
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("the server did not log %q within %s:\n%s", message, defaultTimeout, l)
		}
	}
}

// eventually polls f until it returns true. It fails the test after [defaultTimeout].
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	eventuallyWithin(t, defaultTimeout, what, f)
}

// eventuallyWithin is like eventually, with another timeout.
func eventuallyWithin(t *testing.T, timeout time.Duration, what string, f func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(timeout); !f(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("timed out after %s: %s", timeout, what)
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

// wantContains fails the test unless text contains every one of the parts. what describes the text in the failure
// message.
func wantContains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s does not contain %q:\n%s", what, part, text)
		}
	}
}

func formatID(n int64) string { return fmt.Sprint(n) }
