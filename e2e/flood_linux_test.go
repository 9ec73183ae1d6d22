package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Client addresses of the flood tests. On Linux, a client may use any address of 127.0.0.0/8.
const (
	attackerAddress = "127.0.0.1"
	otherAddress    = "127.0.0.2"
)

// maxGrowth is the memory that the server may take for unfinished requests from one address, in bytes.
const maxGrowth = 64 << 20

// clientAt returns a client whose connections come from the address. It keeps no connections open.
func clientAt(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{
		Timeout: defaultTimeout,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, to)
			},
		},
	}
}

// signInFrom tries to sign the administrator in from the address.
func (s *server) signInFrom(t *testing.T, address string) answer {
	t.Helper()
	body := mustJSON(t, fields{"email": adminEmail, "password": adminPassword})
	request, err := http.NewRequest("POST", s.URL+"/api/login", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	a, err := send(clientAt(address), request)
	if err != nil {
		t.Fatalf("sign in from %s: %v", address, err)
	}
	return a
}

// peakBytes returns the highest resident memory of the process so far, in bytes.
func peakBytes(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// flood opens n connections from the attacker's address and sends data on each of them. It closes them at the end of
// the test. The server may refuse any of them.
func (s *server) flood(t *testing.T, n int, data []byte) []net.Conn {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(attackerAddress)}, Timeout: defaultTimeout}
	conns := make([]net.Conn, n)
	var sent sync.WaitGroup
	for i := range conns {
		conn, err := dialer.DialContext(t.Context(), "tcp", target.Host)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		conns[i] = conn
		sent.Go(func() {
			_ = conn.SetWriteDeadline(time.Now().Add(defaultTimeout))
			_, _ = conn.Write(data) // fails if the server has closed the connection
		})
	}
	sent.Wait()
	return conns
}

// unfinishedLogin returns a sign-in request of a body of length bytes, without its last byte.
func unfinishedLogin(length int) []byte {
	head := fmt.Sprintf("POST /api/login HTTP/1.1\r\nHost: usher\r\nContent-Type: application/json\r\n"+
		"Content-Length: %d\r\n\r\n", length)
	return append([]byte(head), bytes.Repeat([]byte(" "), length-1)...)
}

// holdLogin opens a connection from the attacker's address, and returns when the server waits for the body of its
// request or has refused it.
func (s *server) holdLogin(t *testing.T) {
	t.Helper()
	conn := s.flood(t, 1, []byte("POST /api/login HTTP/1.1\r\nHost: usher\r\nContent-Type: application/json\r\n"+
		"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"))[0]
	_ = conn.SetReadDeadline(time.Now().Add(defaultTimeout))
	if _, err := conn.Read(make([]byte, 1)); err != nil { // 100 or 503
		t.Fatal(err)
	}
}

// warmUp signs in at all hash slots at once, so that their memory is part of the peak before the attack.
func (s *server) warmUp(t *testing.T) {
	t.Helper()
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			if a, err := s.try("POST", "/api/login", "", fields{"email": adminEmail, "password": adminPassword}); err != nil {
				t.Errorf("sign in: %d, %v", a.Status, err)
			}
		})
	}
	done.Wait()
}

// TestUnfinishedBodies opens 2,000 connections from one address, each with a request that lacks its last byte. The
// memory of the server must stay bounded, clients at other addresses must be served, and health checks must succeed
// from the attacker's address too.
func TestUnfinishedBodies(t *testing.T) {
	s := startServer(t, options{})
	s.warmUp(t)
	before := peakBytes(t, s.cmd.Process.Pid)
	s.flood(t, 300, unfinishedLogin(1<<20))
	held := s.flood(t, 1500, unfinishedLogin(16<<10))
	s.flood(t, 200, []byte("GET / HTTP/1.1\r\nHost: usher\r\nX-Filler: "+strings.Repeat("x", 24<<10)))
	// The sign-ins below may need memory for further hashes, which has limits of its own.
	grown := peakBytes(t, s.cmd.Process.Pid) - before
	t.Logf("the server grew by %d KiB", grown>>10)
	if grown > maxGrowth && len(buildFlags) == 0 { // the race detector needs several times the memory
		t.Errorf("the server grew by %d MiB, want at most %d", grown>>20, maxGrowth>>20)
	}

	for range 3 {
		if a := s.signInFrom(t, otherAddress); a.Status != http.StatusOK {
			t.Errorf("a sign-in from another address is answered %d: %s", a.Status, a.Body)
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			request, err := http.NewRequest("GET", s.URL+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if a, err := send(clientAt(attackerAddress), request); err != nil || a.Status != http.StatusOK {
				t.Errorf("GET %s from the attacker's address: %d, %v", path, a.Status, err)
			}
		}
	}
	for _, conn := range held {
		_ = conn.Close()
	}
	eventually(t, "a sign-in from the attacker's address after the attack", func() bool {
		return s.signInFrom(t, attackerAddress).Status == http.StatusOK
	})
}

// TestConnectionsOfOneNetwork holds connections of one address over its limit. A further request from it is refused,
// unless the address is that of a trusted proxy.
func TestConnectionsOfOneNetwork(t *testing.T) {
	t.Parallel()
	flags := []string{"--max-connections-per-network", "4"}
	for name, test := range map[string]struct {
		flags  []string
		status int
		code   string
	}{
		"client": {flags, http.StatusServiceUnavailable, "UNAVAILABLE"},
		"proxy":  {append(flags, "--trusted-proxies", attackerAddress), http.StatusUnauthorized, "UNAUTHORIZED"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, options{Flags: test.flags})
			for range 8 {
				s.holdLogin(t)
			}
			request, err := http.NewRequest("GET", s.URL+"/api/users/whoami", nil)
			if err != nil {
				t.Fatal(err)
			}
			a, err := send(clientAt(attackerAddress), request)
			if err != nil {
				t.Fatal(err)
			}
			a.wantError(t, test.status, test.code)
			if test.status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "" {
				t.Error("the refusal lacks Retry-After")
			}
		})
	}
}

// TestSlowBodyIsCut sends a few bytes of a body and stalls. The server must answer 408 and close the connection.
func TestSlowBodyIsCut(t *testing.T) {
	t.Parallel()
	s := startServer(t, options{})
	const form = "POST /sign-in HTTP/1.1\r\nHost: usher\r\nSec-Fetch-Site: same-origin\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\n"
	api := s.flood(t, 1, unfinishedLogin(100))[0]
	console := s.flood(t, 1, []byte(form+"Content-Length: 100\r\n\r\nemail="))[0]
	chunked := s.flood(t, 1, []byte(form+"Transfer-Encoding: chunked\r\n\r\n6\r\nemail=\r\n"))[0]

	answerCut(t, api).wantError(t, http.StatusRequestTimeout, "REQUEST_TIMEOUT")
	for _, conn := range []net.Conn{console, chunked} {
		if a := answerCut(t, conn); a.Status != http.StatusRequestTimeout || !bytes.Contains(a.Body, []byte("<title>")) {
			t.Errorf("the form is answered %d: %s", a.Status, a.Body)
		}
	}
}

// answerCut reads the answer on a connection, which the server must then close.
func answerCut(t *testing.T, conn net.Conn) answer {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(defaultTimeout))
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !response.Close {
		t.Error("the answer does not announce that the connection is closed")
	}
	if _, err := reader.ReadByte(); err != io.EOF {
		t.Errorf("the connection is not closed: %v", err)
	}
	return answer{Status: response.StatusCode, Body: content}
}
