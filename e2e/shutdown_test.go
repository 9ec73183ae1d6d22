package e2e_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// TestPortInUse starts a second server where one listens already.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	said := failStart(t, options{Listen: strings.TrimPrefix(s.URL, "http://")})
	wantText(t, "what the second server says", said, "hint:", "--listen")
	s.admin(t)
}

// TestShutdownDrains ends the server while it reads a request: soon it takes no
// new ones, answers this one, and exits with 0.
func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--shutdown-delay", "100ms"}})
	address := strings.TrimPrefix(s.URL, "http://")
	body := mustJSON(t, fields{"email": adminEmail, "password": adminPassword})

	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	half := len(body) / 2
	// The server asks for the body (100) once it has begun with the request.
	fmt.Fprintf(connection, "POST /api/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"+
		"Expect: 100-continue\r\n\r\n", address, len(body))
	reader := bufio.NewReader(connection)
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("the server answers the request's header with %q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Write(body[:half]); err != nil {
		t.Fatal(err)
	}

	s.signal(t, syscall.SIGTERM)
	within(t, "new connections are refused", func() bool {
		probe, err := net.Dial("tcp", address)
		if err == nil {
			probe.Close()
		}
		return err != nil
	})
	if _, err := connection.Write(body[half:]); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatalf("the request under way got no answer: %v", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the request under way was answered %d", response.StatusCode)
	}
	s.waitExit(t)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server exited with %d", code)
	}
	s.again(t).admin(t)
}

// TestNotReadyFirst ends a server that gives load balancers time to notice: it is
// not ready, and serves. A second signal ends it at once, and nothing is lost.
func TestNotReadyFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--shutdown-delay", "5m"}})
	s.signal(t, syscall.SIGTERM)
	within(t, "the server is not ready", func() bool { return getStatus(t, s.URL+"/readyz") == http.StatusServiceUnavailable })
	key := s.admin(t)
	if status := getStatus(t, s.URL+"/healthz"); status != http.StatusOK {
		t.Errorf("GET /healthz answers %d", status)
	}
	s.signal(t, syscall.SIGTERM)
	s.waitExit(t)
	if state := s.cmd.ProcessState; state.Exited() {
		t.Errorf("the server ended by itself: %s", state)
	}
	s.options.Flags = nil
	s.again(t).do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)
}
