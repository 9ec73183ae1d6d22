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

// TestPortInUse starts a second server on the address of a running server. The second must fail to start.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	output := startFailure(t, options{Listen: strings.TrimPrefix(s.URL, "http://")})
	wantContains(t, "the output of the second server", output, "hint:", "--listen")
	s.signInAdmin(t)
}

// TestShutdownDrains sends SIGTERM while the server is reading a request. The server must stop accepting connections,
// respond to the request, and exit with code 0.
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
	// The server sends 100 Continue when it begins to read the body.
	fmt.Fprintf(connection, "POST /api/login HTTP/1.1\r\nHost: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", address, len(body))
	reader := bufio.NewReader(connection)
	if line, err := reader.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("the server answers the header with %q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Write(body[:half]); err != nil {
		t.Fatal(err)
	}

	s.signal(t, syscall.SIGTERM)
	eventually(t, "new connections are refused", func() bool {
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
		t.Fatalf("the request in flight got no answer: %v", err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the request in flight was answered %d", response.StatusCode)
	}
	s.waitExit(t)
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the server exited with %d", code)
	}
	s.restart(t).signInAdmin(t)
}

// TestNotReadyFirst sends SIGTERM to a server with a long shutdown delay, which gives load balancers time to notice.
// During the delay the server must report that it is not ready and still serve requests. A second signal must end the
// server at once, without loss of data.
func TestNotReadyFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{Flags: []string{"--shutdown-delay", "5m"}})
	s.signal(t, syscall.SIGTERM)
	eventually(t, "the server is not ready", func() bool {
		return getStatus(t, s.URL+"/readyz") == http.StatusServiceUnavailable
	})
	key := s.signInAdmin(t)
	if status := getStatus(t, s.URL+"/healthz"); status != http.StatusOK {
		t.Errorf("GET /healthz answers %d", status)
	}
	s.signal(t, syscall.SIGTERM)
	s.waitExit(t)
	if state := s.cmd.ProcessState; state.Exited() {
		t.Errorf("the server exited by itself: %s", state)
	}
	s.options.Flags = nil
	s.restart(t).do(t, "GET", "/api/users", key, nil).want(t, http.StatusOK)
}
