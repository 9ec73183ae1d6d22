package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/config"
)

// syncBuffer is a buffer that a server writes its log to while a test reads it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// statusOf returns the status of a GET request. It fails the test if there is no answer.
func statusOf(t *testing.T, base *url.URL, path string) int {
	t.Helper()
	client := http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true},
	}
	answer, err := client.Get(base.JoinPath(path).String())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s of %s: %v", path, base, answer.Header)
	}
	return answer.StatusCode
}

// TestAdminListener checks which paths each listener serves. Without an admin listener, all are public.
func TestAdminListener(t *testing.T) {
	const ok, missing = http.StatusOK, http.StatusNotFound
	tests := []struct {
		path                 string
		alone, public, admin int // the statuses without an admin listener, and with one on each listener
	}{
		{"/metrics", ok, missing, ok},
		{"/docs", ok, missing, ok},
		{"/docs/docs.js", ok, missing, ok},
		{"/openapi.yaml", ok, missing, ok},
		{"/healthz", ok, ok, ok},
		{"/readyz", ok, ok, ok},
		{"/api/about", ok, ok, missing},
		{"/api/users/whoami", http.StatusUnauthorized, http.StatusUnauthorized, missing},
		{"/sign-in", ok, ok, missing},
		{"/", http.StatusSeeOther, http.StatusSeeOther, missing},
		{"/static/usher.css", ok, ok, missing},
	}
	alone := openServer(t, config.Server{Listen: "127.0.0.1:0", Metrics: true}, io.Discard)
	start(t, alone)
	if alone.AdminURL() != nil {
		t.Errorf("the server listens for operators at %s", alone.AdminURL())
	}
	both := openServer(t, config.Server{Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Metrics: true}, io.Discard)
	start(t, both)
	for _, test := range tests {
		if got := statusOf(t, alone.URL(), test.path); got != test.alone {
			t.Errorf("%s without an admin listener: %d, want %d", test.path, got, test.alone)
		}
		if got := statusOf(t, both.URL(), test.path); got != test.public {
			t.Errorf("%s of the public listener: %d, want %d", test.path, got, test.public)
		}
		if got := statusOf(t, both.AdminURL(), test.path); got != test.admin {
			t.Errorf("%s of the admin listener: %d, want %d", test.path, got, test.admin)
		}
	}
}

// TestAdminListenerFails checks that a server whose admin listener can't be opened doesn't start, and gives its
// public address back.
func TestAdminListenerFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	settings := config.Server{
		Listen: "127.0.0.1:0", AdminListen: taken.Addr().String(), Data: t.TempDir(), AdminEmail: adminEmail,
	}
	s, err := Open(t.Context(), Options{Settings: &settings, Version: "test", Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "listen") {
		t.Fatalf("Open fails with %v", err)
	}
	if c, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
		_ = c.Close()
		t.Error("the public listener is still open")
	}
}

// TestBothListenersDrain stops a server while a request is in progress. Both listeners report that the server is not
// ready, the request is answered, and then both are closed.
func TestBothListenersDrain(t *testing.T) {
	s := openServer(t, config.Server{Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0"}, io.Discard)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Run(ctx), s.Close()) }()

	c, err := net.Dial("tcp", s.URL().Host) // a request whose body is incomplete
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = io.WriteString(c, "POST /api/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
		"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{")
	if err != nil {
		t.Fatal(err)
	}
	if got := statusOf(t, s.AdminURL(), "/readyz"); got != http.StatusOK {
		t.Fatalf("/readyz: %d", got)
	}
	s.draining.Store(true)
	for _, listening := range []*url.URL{s.URL(), s.AdminURL()} {
		if got := statusOf(t, listening, "/readyz"); got != http.StatusServiceUnavailable {
			t.Errorf("/readyz at %s while the server ends: %d", listening, got)
		}
	}
	cancel()
	if _, err := io.WriteString(c, "}"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != http.StatusBadRequest {
		t.Errorf("the request in progress gets %v, %v", answer, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the server ends with %v", err)
	}
	for _, listening := range []*url.URL{s.URL(), s.AdminURL()} {
		if c, err := net.Dial("tcp", listening.Host); err == nil {
			_ = c.Close()
			t.Errorf("%s is still open", listening)
		}
	}
}

// TestAmbiguousRequestIsRefused checks that both listeners refuse ambiguous framing, and that the log has the reason.
func TestAmbiguousRequestIsRefused(t *testing.T) {
	var log syncBuffer
	s := openServer(t, config.Server{Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0"}, &log)
	start(t, s)
	for _, listening := range []*url.URL{s.URL(), s.AdminURL()} {
		for text, reason := range map[string]string{
			"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" +
				"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n": "more than one",
			"GET /healthz HTTP/1.1\nHost: x\n\n": "LF instead of CRLF",
		} {
			c, err := net.Dial("tcp", listening.Host)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(c)
			answer, err := http.ReadResponse(in, nil)
			if err != nil || answer.StatusCode != http.StatusBadRequest || !answer.Close {
				t.Errorf("%q gets %v, %v", text, answer, err)
			}
			_ = c.Close()
			if !strings.Contains(log.String(), reason) {
				t.Errorf("the log has no %q:\n%s", reason, log.String())
			}
		}
	}
}

// TestRefusedReadsSurviveShutdown checks that a server that ends records the refused reads of the current minute.
func TestRefusedReadsSurviveShutdown(t *testing.T) {
	s := openServer(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.accounts.CountRefusedRead(&account.Principal{User: account.User{ID: 1, Email: adminEmail}})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	filter := account.ActivityFilter{Action: string(account.ActionReadRefused)}
	entries, err := s.store.Activity(t.Context(), account.ActivityQuery{ActivityFilter: filter, Limit: 10})
	if err != nil || len(entries) != 1 || entries[0].Number == 0 {
		t.Errorf("the sealed entries are %v, %v", entries, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestHSTSFollowsThePublicURL checks that answers get Strict-Transport-Security when the public URL is an HTTPS one.
func TestHSTSFollowsThePublicURL(t *testing.T) {
	for public, want := range map[string]string{
		"": "", "http://accounts.example.com": "", "https://accounts.example.com": "max-age=31536000",
	} {
		s := openServer(t, config.Server{
			Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", PublicURL: public, Metrics: true,
		}, io.Discard)
		start(t, s)
		for _, listening := range []*url.URL{s.URL(), s.AdminURL()} {
			for _, path := range []string{"/api/about", "/sign-in", "/static/usher.css", "/docs", "/metrics", "/x", "/healthz"} {
				answer, err := http.Get(listening.JoinPath(path).String())
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				for name, want := range map[string]string{"Strict-Transport-Security": want, "X-Content-Type-Options": "nosniff"} {
					if got := answer.Header.Get(name); got != want {
						t.Errorf("%q: %s: %s is %q, want %q", public, path, name, got, want)
					}
				}
				for _, name := range []string{"Content-Security-Policy", "Referrer-Policy"} {
					if answer.Header.Get(name) == "" {
						t.Errorf("%s has no %s", path, name)
					}
				}
				if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
					t.Errorf("%s may be in a frame", path)
				}
			}
		}
	}
}

// TestHSTSAfterAChange changes the public URL while the server runs.
func TestHSTSAfterAChange(t *testing.T) {
	s := openServer(t, config.Server{Listen: "127.0.0.1:0", PublicURL: "https://accounts.example.com"}, io.Discard)
	if !s.https.Load() {
		t.Error("the server doesn't know from the beginning that users reach it over HTTPS")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openServer(t, config.Server{Listen: "127.0.0.1:0"}, io.Discard)
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	call := func(method, path, token, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Api-Key", token)
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w
	}
	var signedIn struct{ AuthToken string }
	login := call("POST", "/api/login", "", `{"email":"`+adminEmail+`","password":"`+adminPassword+`"}`)
	if err := json.Unmarshal(login.Body.Bytes(), &signedIn); err != nil {
		t.Fatal(err)
	}
	if s.https.Load() {
		t.Error("the server takes its URL for an HTTPS one")
	}
	call("PATCH", "/api/server-settings", signedIn.AuthToken, `{"publicUrl":"https://accounts.example.com"}`)
	ctx, cancel := context.WithCancel(t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watchPublicURL(ctx)
	}()
	for !s.https.Load() { // the test times out if this stays so
		runtime.Gosched()
	}
	cancel()
	<-watched
	if got := call("GET", "/api/about", "", "").Header().Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
}

// TestProxyWarnings checks the warnings about proxies in the log: one at the start for an HTTPS URL without a trusted
// proxy, and one for the first X-Forwarded-For that is ignored.
func TestProxyWarnings(t *testing.T) {
	const untrusted, ignored = "no proxy is trusted", "X-Forwarded-For of a client"
	loopback := config.Network{}
	if err := loopback.UnmarshalText([]byte("127.0.0.0/8")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		public  string
		proxies []config.Network
		want    string // the warnings
	}{
		{"", nil, ignored},
		{"https://accounts.example.com", nil, untrusted + " " + ignored},
		{"https://accounts.example.com", []config.Network{loopback}, ""},
	} {
		var log syncBuffer
		s := openServer(t, config.Server{
			Listen: "127.0.0.1:0", PublicURL: test.public, TrustedProxies: test.proxies,
		}, &log)
		start(t, s)
		for range 3 {
			r, err := http.NewRequest(http.MethodGet, s.URL().JoinPath("/api/about").String(), nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Forwarded-For", "198.51.100.1")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
		for _, warning := range []string{untrusted, ignored} {
			want := strings.Count(test.want, warning)
			if got := strings.Count(log.String(), warning); got != want {
				t.Errorf("%q: %q is logged %d times, want %d, in\n%s", test.public, warning, got, want, log.String())
			}
		}
		if got := s.forwarding.ignoredPeer(); (got == "127.0.0.1") != strings.Contains(test.want, ignored) {
			t.Errorf("%q: the ignored peer is %q", test.public, got)
		}
	}
}
