package httpapi_test

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/httpapi"
)

// answersByStatus returns one answer for each HTTP status that a request can cause. The key is the status as text, or a
// name if there are several answers with one status.
func (f *fixture) answersByStatus() map[string]answer {
	return map[string]answer{
		"200":  f.do(call{path: "/api/users/whoami", token: f.admin}),
		"list": f.do(call{path: "/api/users", token: f.admin}),
		"null": f.do(call{method: "POST", path: "/api/users/forgotten-password", body: `{"email":"a@example.org"}`}),
		"201": f.do(call{method: "POST", path: "/api/users", token: f.admin,
			body: `[{"name":"n","email":"n@example.org","password":"` + password + `"}]`}),
		"204":  f.do(call{method: "DELETE", path: "/api/users/2", token: f.admin}),
		"400":  f.do(call{method: "POST", path: "/api/login", body: `{}`}),
		"401":  f.do(call{path: "/api/users"}),
		"403":  f.do(call{path: "/api/mail", token: f.as("ada@example.org")}),
		"404":  f.do(call{path: "/api/users/999", token: f.admin}),
		"none": f.do(call{path: "/nothing"}),
		"yaml": f.do(call{path: "/openapi.yaml"}),
		"page": f.do(call{path: "/page"}), // the handler panics
		"405":  f.do(call{method: "PUT", path: "/api/users"}),
		"413":  f.do(call{method: "POST", path: "/api/login", body: strings.Repeat(" ", 16<<10+1)}),
		"415": f.do(call{method: "POST", path: "/api/login", body: `{}`,
			header: http.Header{"Content-Type": {"text/plain"}}}),
	}
}

// TestHeaders checks that every answer has the common headers and no unexpected ones.
func TestHeaders(t *testing.T) {
	f := newFixture(t)
	generated := regexp.MustCompile(`^[0-9a-f]{16}$`)
	seen := map[string]bool{}
	for kind, a := range f.answersByStatus() {
		if got := strconv.Itoa(a.status); kind[0] <= '9' && got != kind {
			t.Errorf("%s: the status is %s", kind, got)
		}
		id := a.header.Get("X-Request-Id")
		if !generated.MatchString(id) || seen[id] {
			t.Errorf("%s: X-Request-Id is %q", kind, id)
		}
		seen[id] = true
		for name, want := range map[string]string{
			"X-Content-Type-Options":    "nosniff",
			"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'",
			"Referrer-Policy":           "no-referrer",
			"Strict-Transport-Security": "",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", kind, name, got, want)
			}
		}
		if kind == "yaml" {
			continue // a file has further headers, of package asset
		}
		if got := a.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", kind, got)
		}
		if (a.header.Get("WWW-Authenticate") != "") != (kind == "401") {
			t.Errorf("%s: WWW-Authenticate is %q", kind, a.header.Get("WWW-Authenticate"))
		}
		if (a.header.Get("Content-Type") != "") != (kind != "204") {
			t.Errorf("%s: Content-Type is %q", kind, a.header.Get("Content-Type"))
		}
		for name := range a.header {
			known := []string{
				"X-Request-Id", "X-Content-Type-Options", "Cache-Control", "Content-Type", "Content-Length",
				"Www-Authenticate", "Allow", "Content-Security-Policy", "Referrer-Policy",
			}
			if kind == "413" {
				known = append(known, "Connection")
			}
			if !slices.Contains(known, name) {
				t.Errorf("%s has the header %s", kind, name)
			}
		}
	}
}

// TestHSTS checks that every answer makes browsers use HTTPS if users reach the server over HTTPS, and none does if
// not. The answers follow a change of the public URL.
func TestHSTS(t *testing.T) {
	var https atomic.Bool
	f := newFixture(t, func(o *httpapi.Options) { o.HTTPS = https.Load })
	https.Store(true)
	for kind, a := range f.answersByStatus() {
		if got := a.header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
			t.Errorf("%s: Strict-Transport-Security is %q", kind, got)
		}
	}
	https.Store(false)
	if got := f.do(call{path: "/api/about"}).header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("over HTTP: Strict-Transport-Security is %q", got)
	}
}

// TestIgnoredForwarding checks which requests are reported: those with X-Forwarded-For whose peer is not trusted.
func TestIgnoredForwarding(t *testing.T) {
	var mu sync.Mutex
	var peers []string
	f := newFixture(t, func(o *httpapi.Options) {
		o.Proxies = trusted
		o.IgnoredForwarding = func(peer string) {
			mu.Lock()
			defer mu.Unlock()
			peers = append(peers, peer)
		}
	})
	forwarded := http.Header{"X-Forwarded-For": {"198.51.100.1"}}
	f.do(call{path: "/api/about", from: "192.0.2.7"})
	f.do(call{path: "/api/about", from: "10.0.0.1", header: forwarded})
	f.do(call{path: "/api/about", from: "192.0.2.7", header: forwarded})
	f.do(call{path: "/nothing", from: "2001:db8::1", header: http.Header{"X-Forwarded-For": {""}}})
	if want := []string{"192.0.2.7", "2001:db8::/64"}; !slices.Equal(peers, want) {
		t.Errorf("reported %q, want %q", peers, want)
	}
}

// TestWrap checks that the paths of another listener have the common headers, that its unknown paths get the 404
// answer, and that it doesn't serve the API.
func TestWrap(t *testing.T) {
	f := newFixture(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
	f.handler = f.handler.(*httpapi.Handler).Wrap(mux)
	if a := f.do(call{path: "/metrics"}); a.status != http.StatusOK || a.body != "up 1\n" ||
		a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("X-Request-Id") == "" {
		t.Errorf("/metrics: %d %q %v", a.status, a.body, a.header)
	}
	for _, path := range []string{"/", "/api/users", "/api/login", "/openapi.yaml"} {
		if a := f.do(call{path: path, token: f.admin}); a.status != http.StatusNotFound || a.body != noRouteJSON {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
	}
}

// TestNoCORS checks that no answer has CORS headers, with which a page of another origin could read the answer.
func TestNoCORS(t *testing.T) {
	f := newFixture(t)
	header := http.Header{
		"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"x-api-key"},
	}
	for _, op := range operations(t) {
		for _, method := range []string{op.method, http.MethodOptions} {
			a := f.do(call{method: method, path: op.at(1), header: header})
			for name := range a.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s answers %s", method, op.path, name)
				}
			}
			if method == http.MethodOptions && a.status != http.StatusMethodNotAllowed {
				t.Errorf("a preflight of %s: %d", op.path, a.status)
			}
		}
	}
}

// TestRequestID checks that a valid X-Request-Id is kept and an invalid one replaced.
func TestRequestID(t *testing.T) {
	f := newFixture(t)
	for _, id := range []string{"a", "A-Z_0.9", strings.Repeat("x", 128)} {
		if got := f.requestIDFor(id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
	for _, id := range []string{
		"", " ", "a b", "a\nb", "a\n", "é", `a"b`, "a=b", "<b>", strings.Repeat("x", 129), "a\x00", "\xff",
	} {
		if got := f.requestIDFor(id); got == id || len(got) != 16 {
			t.Errorf("%q became %q", id, got)
		}
	}
}

// requestIDFor sends a request with id as X-Request-Id and returns the X-Request-Id of the answer.
func (f *fixture) requestIDFor(id string) string {
	a := f.do(call{path: "/api/users/whoami", header: http.Header{"X-Request-Id": {id}}})
	return a.header.Get("X-Request-Id")
}
