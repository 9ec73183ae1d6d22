package console_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestSecurityHeaders(t *testing.T) {
	b := consoletest.Open(t, true, nil)
	for _, request := range []*http.Request{
		httptest.NewRequest("GET", "/reset-password", nil),
		httptest.NewRequest("GET", "/reset-password?token=usr_x", nil),
		httptest.NewRequest("POST", "/reset-password", nil),
		httptest.NewRequest("GET", "/nowhere", nil),
	} {
		t.Run(request.Method+" "+request.URL.String(), func(t *testing.T) {
			answer := b.Do(request)
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src " +
					"'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"Cache-Control":          "no-store",
				"X-Content-Type-Options": "nosniff",
				"X-Frame-Options":        "DENY",
			} {
				if got := answer.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	tests := []struct {
		method, path string
		status       int
		contentType  string
	}{
		{"GET", "/reset-password", 200, "text/html; charset=utf-8"},
		{"HEAD", "/reset-password", 200, "text/html; charset=utf-8"},
		{"PUT", "/reset-password", 404, "text/html; charset=utf-8"},
		{"POST", "/nowhere", 404, "text/html; charset=utf-8"},
		{"GET", "/static/usher.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/reset-password/", 404, ""},
		{"GET", "/static/usher.css", 200, "text/css; charset=utf-8"},
		{"GET", "/static/usher.svg", 200, "image/svg+xml"},
		{"GET", "/static/", 404, ""},
		{"GET", "/templates/layout.html", 404, ""},
	}
	b := consoletest.Open(t, true, nil)
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			answer := b.Do(httptest.NewRequest(test.method, test.path, nil))
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			if got := answer.Header.Get("Content-Type"); test.contentType != "" && got != test.contentType {
				t.Errorf("Content-Type %q, want %q", got, test.contentType)
			}
		})
	}
}

// TestPagesObeyTheirPolicy checks that no page has an inline script or style: the
// Content-Security-Policy makes browsers ignore them.
func TestPagesObeyTheirPolicy(t *testing.T) {
	b := consoletest.Open(t, true, nil)
	violation := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|(href|src|action)="(https?:)?//`)
	for _, view := range []consoletest.Answer{
		b.Get("/reset-password"), b.FollowLink(), b.Get("/reset-password?token="),
	} {
		body := strings.Replace(view.Body, `<script src="/static/usher.js" defer></script>`, "", 1)
		if found := violation.FindString(body); found != "" {
			t.Errorf("%q in\n%s", found, view.Body)
		}
		if !strings.HasPrefix(view.Body, "<!doctype html>\n<html lang=\"en\" data-theme=\"system\">") {
			t.Errorf("not a page:\n%s", view.Body)
		}
	}
}

// TestPublicURLChanges changes the public URL while the server runs. Cookies and the cross-site
// check must use the new one.
func TestPublicURLChanges(t *testing.T) {
	var public *url.URL
	var failure error
	pages := console.New(console.Options{
		Recovery:      &consoletest.Recovery{},
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(context.Context) (*url.URL, error) { return public, failure },
		Logger:        slog.New(slog.DiscardHandler),
	})
	cookie := func() string {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/reset-password?token="+consoletest.GoodToken, nil)
		r.Host = "accounts.example.org"
		pages.ServeHTTP(w, r)
		return w.Header().Get("Set-Cookie")
	}
	from := func(origin string) int {
		r := httptest.NewRequest("POST", "/reset-password", nil)
		r.Header.Set("Origin", origin)
		r.Host = "127.0.0.1:8080" // of a proxy on the same machine that changes the header
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w.Code
	}
	if got := cookie(); !strings.HasPrefix(got, "usher-dev-reset=") || strings.Contains(got, "Secure") {
		t.Errorf("without a public URL the cookie is %q", got)
	}
	if got := from("https://accounts.example.org"); got != http.StatusForbidden {
		t.Errorf("a form of another origin: %d", got)
	}
	public = &url.URL{Scheme: "https", Host: "accounts.example.org"}
	if got := cookie(); !strings.HasPrefix(got, "__Host-usher-reset=") || !strings.Contains(got, "Secure") {
		t.Errorf("with a public URL the cookie is %q", got)
	}
	if got := from("https://accounts.example.org"); got != http.StatusBadRequest {
		t.Errorf("a form of the public URL: %d", got)
	}
	if got := from("https://evil.example.org"); got != http.StatusForbidden {
		t.Errorf("a form of another origin: %d", got)
	}
	failure = errors.New("the database is away")
	if got := from("https://accounts.example.org"); got != http.StatusInternalServerError {
		t.Errorf("while the public URL is unavailable: %d", got)
	}
}

// TestStyleSheetIsValid checks the braces. Browsers silently drop every rule after a missing one.
func TestStyleSheetIsValid(t *testing.T) {
	sheet := consoletest.Open(t, true, nil).Get("/static/usher.css").Body
	depth := 0
	for n, line := range strings.Split(regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(sheet, ""), "\n") {
		if depth > 0 && strings.HasSuffix(line, "{") && !strings.HasPrefix(line, "  ") {
			t.Errorf("rule %d begins within another: %s", n+1, line)
		}
		depth += strings.Count(line, "{") - strings.Count(line, "}")
	}
	if depth != 0 {
		t.Errorf("%d braces are left open", depth)
	}
}
