package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// openProgram opens a program with its own data and these settings.
func openProgram(t *testing.T, settings config.Server, log io.Writer) *program {
	t.Helper()
	settings.Data = filepath.Join(t.TempDir(), "data")
	settings.AdminEmail, settings.AdminPassword = scriptAdmin, secret.New(scriptPassword)
	settings.SMTP.From = "usher@example.com"
	p, err := newProgram(t.Context(), &settings, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A mail server that does not answer one connection must not hold up every message.
func TestStalledMailHoldsNoOtherUp(t *testing.T) {
	post := mailtest.Start(t, mailtest.Options{TLS: mail.NoTLS})
	post.Stall()
	defer post.Resume()
	p := openProgram(t, config.Server{
		Listen: "127.0.0.1:0",
		SMTP:   config.SMTP{Host: post.Host(), Port: post.Port(), TLS: mail.NoTLS},
	}, io.Discard)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(p.Run(ctx), p.Close()) }()
	defer func() {
		cancel()
		post.Resume()
		<-ended
	}()
	for range 2 {
		if err := p.accounts.ForgottenPassword(ctx, scriptAdmin, account.Origin{ClientNetwork: "192.0.2.7"}); err != nil {
			t.Fatal(err)
		}
	}
	post.WaitForStalled(t, 2)
}

func TestPlainHTTPIsWarnedOf(t *testing.T) {
	const listening, public = "listening for other machines", "people reach the server over plain HTTP"
	loopback, everywhere := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, &net.TCPAddr{IP: net.IPv6unspecified}
	tests := []struct {
		name      string
		listening net.Addr
		public    string // empty: not known
		want      string // beginning of the warning; empty: none
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
			public, err := (&config.Server{PublicURL: test.public}).FixedURL()
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

func TestWarningIsLoggedOnce(t *testing.T) {
	for public, want := range map[string]int{"": 0, "http://accounts.example.com": 1} {
		var log bytes.Buffer
		p := openProgram(t, config.Server{Listen: "127.0.0.1:0", PublicURL: public}, &log)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if got := strings.Count(log.String(), "level=WARN"); got != want {
			t.Errorf("%q: %d warnings, want %d, in\n%s", public, got, want, log.String())
		}
	}
}

// A server is ready as long as it can read, and not when it ends.
func TestReady(t *testing.T) {
	p := openProgram(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	want := func(what string, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		p.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if w.Code != status {
			t.Errorf("%s: /readyz answers %d, want %d", what, w.Code, status)
		}
	}
	want("at the start", http.StatusOK)
	db, err := sql.Open("sqlite", filepath.Join(p.settings.Data, sqlstore.DatabaseFile))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	want("nothing can be written", http.StatusOK)
	p.draining.Store(true)
	want("ending", http.StatusServiceUnavailable)
	p.draining.Store(false)
	if err := errors.Join(db.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	want("the database is closed", http.StatusServiceUnavailable)
}
