package server

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// The first administrator of a server under test.
const (
	adminEmail    = "admin@example.com"
	adminPassword = "Correct-horse-7"
)

// openServer opens a server with these settings and with a data directory of its own.
func openServer(t *testing.T, settings config.Server, log io.Writer) *Server {
	t.Helper()
	settings.Data = filepath.Join(t.TempDir(), "data")
	settings.AdminEmail, settings.AdminPassword = adminEmail, secret.New(adminPassword)
	settings.SMTP.From = "usher@example.com"
	s, err := Open(t.Context(), Options{
		Settings: &settings, Version: "test", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs a server until the test ends.
func start(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), s.Close()) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// TestStalledMailBlocksNoOther sends two messages to a mail server that accepts connections but does not answer. The
// second message must be sent while the first one still waits.
func TestStalledMailBlocksNoOther(t *testing.T) {
	smtp := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	smtp.Stall()
	defer smtp.Resume() // runs before the server is stopped
	s := openServer(t, config.Server{
		Listen: "127.0.0.1:0",
		SMTP:   config.SMTP{Host: smtp.Host(), Port: smtp.Port(), TLS: mail.NoTLS},
	}, io.Discard)
	start(t, s)
	for range 2 {
		requestRecoveryMail(t, s)
	}
	smtp.WaitForStalled(t, 2)
}

func TestPlainHTTPWarning(t *testing.T) {
	const listening, public = "listening for other machines", "people reach the server over plain HTTP"
	loopback, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv6unspecified}
	tests := []struct {
		name      string
		listening net.Addr
		public    string // "": not known
		want      string // how the warning begins; "": no warning
	}{
		{"loopback", loopback, "http://127.0.0.1:8080", ""},
		{"loopback, IPv6", &net.TCPAddr{IP: net.IPv6loopback}, "http://[::1]:8080", ""},
		{"loopback by name", loopback, "http://LocalHost:8080", ""},
		{"loopback behind TLS", loopback, "https://accounts.example.com", ""},
		{"loopback behind plain HTTP", loopback, "http://accounts.example.com", public},
		{"everywhere", everywhere, "", listening},
		{"everywhere, known by loopback", everywhere, "http://127.0.0.1:8080", listening},
		{"everywhere behind plain HTTP", everywhere, "http://accounts.example.com", listening},
		{"everywhere behind TLS", everywhere, "https://accounts.example.com", ""},
		{"one address", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "", listening},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			public, err := (&config.Server{PublicURL: test.public}).PublicURLOverride()
			if err != nil {
				t.Fatal(err)
			}
			if public == nil {
				public = config.LocalURL(test.listening)
			}
			got := plainHTTPWarning(test.listening, public)
			if (got == "") != (test.want == "") || !strings.HasPrefix(got, test.want) {
				t.Errorf("warns %q, want %q", got, test.want)
			}
		})
	}
}

func TestPlainHTTPWarningIsLoggedOnce(t *testing.T) {
	for public, want := range map[string]int{"": 0, "http://accounts.example.com": 1} {
		var log bytes.Buffer
		s := openServer(t, config.Server{Listen: "127.0.0.1:0", PublicURL: public}, &log)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if got := strings.Count(log.String(), "level=WARN"); got != want {
			t.Errorf("%q: %d warnings, want %d, in\n%s", public, got, want, log.String())
		}
	}
}

// TestReady checks that /readyz reports a server as ready while it can read the database, and as not ready while it
// shuts down.
func TestReady(t *testing.T) {
	s := openServer(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	want := func(state string, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != status {
			t.Errorf("%s: /readyz answers %d, want %d", state, w.Code, status)
		}
	}
	want("at the start", http.StatusOK)
	db, err := sql.Open("sqlite", filepath.Join(s.settings.Data, sqlite.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	want("nothing can be written", http.StatusOK)
	s.draining.Store(true)
	want("ending", http.StatusServiceUnavailable)
	s.draining.Store(false)
	if err := errors.Join(db.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	want("the database is closed", http.StatusServiceUnavailable)
}

// TestDiskLowWater sets the mark above and below the free space of the disk. Users can't change their own profiles
// below the mark, but can sign in and change other users.
func TestDiskLowWater(t *testing.T) {
	var log bytes.Buffer
	s := openServer(t, config.Server{Listen: "127.0.0.1:0", DiskLowWater: 1 << 30}, &log)
	defer s.Close()
	call := func(method, path, token, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Api-Key", token)
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		return w
	}
	s.checkDisk()
	var in struct{ AuthToken string }
	w := call("POST", "/api/login", "", `{"email":"`+adminEmail+`","password":"`+adminPassword+`"}`)
	if err := json.Unmarshal(w.Body.Bytes(), &in); err != nil || in.AuthToken == "" {
		t.Fatalf("sign-in: %d %s", w.Code, w.Body)
	}
	want := func(method, path, body string, status int) {
		t.Helper()
		w := call(method, path, in.AuthToken, body)
		if w.Code != status || (status == http.StatusServiceUnavailable) != (w.Header().Get("Retry-After") == "60") {
			t.Errorf("%s %s: %d %v %s, want %d", method, path, w.Code, w.Header(), w.Body, status)
		}
	}
	user := `[{"name":"Ada","email":"ada@example.com","password":"Correct-horse-7"}]`
	want("POST", "/api/users", user, http.StatusCreated)
	want("PATCH", "/api/users/2", `{"name":"A"}`, http.StatusOK)
	want("PATCH", "/api/users/1", `{"name":"A"}`, http.StatusServiceUnavailable)
	want("PATCH", "/api/preferences", `{"language":"de"}`, http.StatusServiceUnavailable)
	if strings.Count(log.String(), "almost full") != 1 {
		t.Errorf("the log is %s", &log)
	}
	s.settings.DiskLowWater = 1
	s.checkDisk()
	s.checkDisk()
	want("PATCH", "/api/users/1", `{"name":"A"}`, http.StatusOK)
	want("PATCH", "/api/preferences", `{"language":"de"}`, http.StatusOK)
	if strings.Count(log.String(), "room again") != 1 {
		t.Errorf("the log is %s", &log)
	}
}
