package httpapi_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
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
		"405":  f.do(call{method: "PUT", path: "/api/users"}),
		"413":  f.do(call{method: "POST", path: "/api/login", body: strings.Repeat(" ", 1<<20+1)}),
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
		if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", kind, a.header)
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
				"Www-Authenticate", "Allow",
			}
			if !slices.Contains(known, name) {
				t.Errorf("%s has the header %s", kind, name)
			}
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
