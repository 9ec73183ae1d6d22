package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/api"
)

const noRouteJSON = `{"statusCode":404,"error":"Not Found","message":"Not Found"}` + "\n"

// TestUnknownRoute checks that an unknown path gets the status 404 and exactly the same body as from the server that
// Usher replaces.
func TestUnknownRoute(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{
		"/", "/api", "/api/", "/api/nothing", "/API/users", "/api/Users", "/api/login/", "/api/users/", "/api/users/1/",
		"/api/users/1/roles/", "/api/users/1/nothing", "/api/mail/", "/api/users/1%2Froles", "/openapi.yaml/",
		"/openapi.json", "/favicon.ico", "/metrics", "/api/users/password/1", "/?" + strings.Repeat("q", 1000),
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "INVENTED"} {
			a := f.do(call{method: method, path: path, token: f.admin})
			if path == "/api/users/1%2Froles" { // one segment, which is not a valid id
				wants := []int{http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType}
				if !slices.Contains(wants, a.status) {
					t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
				}
				continue
			}
			if a.status != http.StatusNotFound || a.body != noRouteJSON ||
				a.header.Get("Content-Type") != "application/json" || a.header.Get("Allow") != "" {
				t.Errorf("%s %s: %d %q %v", method, path, a.status, a.body, a.header)
			}
		}
	}
}

// TestMethods sends to every path of the contract the methods that the path doesn't have.
func TestMethods(t *testing.T) {
	f := newFixture(t)
	allowed := map[string][]string{}
	for _, op := range operations(t) {
		allowed[op.path] = append(allowed[op.path], op.method)
		if op.method == http.MethodGet && !slices.Contains(getsWithoutHead, op.name) {
			allowed[op.path] = append(allowed[op.path], http.MethodHead)
		}
	}
	for path, has := range allowed {
		slices.Sort(has)
		for _, method := range []string{
			"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "INVENTED",
		} {
			if slices.Contains(has, method) {
				continue
			}
			// The contract is public, so the server answers 405 even to a request without a credential.
			a := f.do(call{method: method, path: strings.ReplaceAll(path, "{id}", "1")})
			a.want(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
			if got, want := a.header.Get("Allow"), strings.Join(has, ", "); got != want {
				t.Errorf("%s %s: Allow is %q, want %q", method, path, got, want)
			}
		}
	}
}

// TestLiteralPathsTakePrecedence checks that the router prefers /users/whoami to /users/{id}, so whoami is not taken
// for an id.
func TestLiteralPathsTakePrecedence(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/api/users/password", "/api/users/forgotten-password", "/api/users/retrieve-password"} {
		f.do(call{path: path, token: f.admin}).want(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	}
	for _, path := range []string{
		"/api/users/whoami", "/api/roles/user-creation-defaults", "/api/roles/from/permissions",
	} {
		f.do(call{method: "DELETE", path: path, token: f.admin}).want(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
	}
}

// TestPathID checks ids in paths: text other than digits is invalid, and an unknown or out-of-range number is not
// found.
func TestPathID(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		id     string
		status int
	}{
		{"0", 404}, {"00", 404}, {"999", 404}, {"9223372036854775807", 404}, {"9223372036854775808", 404},
		{strings.Repeat("9", 4000), 404}, {"-1", 400}, {"+1", 400}, {"1.0", 400}, {"1e3", 400}, {"0x1", 400},
		{"1%20", 400}, {"%31%00", 400}, {"abc", 400}, {"%D9%A1", 400}, {"%FF", 400}, {"1;1", 400}, {"1,2", 400},
		{"'", 400}, {"%2e%2e", 400},
	} {
		for _, op := range operations(t) {
			if !strings.Contains(op.path, "{id}") {
				continue
			}
			c := call{method: op.method, path: strings.ReplaceAll(op.path, "{id}", test.id), token: f.admin}
			if op.body() != nil {
				c.body = jsonOf(op.example())
			}
			before := f.state()
			a := f.do(c)
			if a.status != test.status {
				t.Errorf("%s with the id %.40q: %d, want %d: %s", op.name, test.id, a.status, test.status, a.body)
				continue
			}
			op.checkAnswer(t, a)
			if test.status == 400 && !a.errorBody(t).names("/id") {
				t.Errorf("%s with the id %q: %s", op.name, test.id, a.body)
			}
			if f.state() != before {
				t.Errorf("%s with the id %.40q has changed something", op.name, test.id)
			}
		}
	}
	// Leading zeros don't change the number, so 0001 is the id 1.
	if a := f.do(call{path: "/api/users/0001", token: f.admin}); a.status != http.StatusOK {
		t.Errorf("0001: %d %s", a.status, a.body)
	}
}

// getsWithoutHead are the GET operations that write to the database, which therefore have no HEAD.
var getsWithoutHead = []string{"GET /api/api-key", "GET /api/saml-configuration/generate-certificate"}

// TestHead checks that the answer to HEAD has the headers of GET, and that no HEAD request writes to the database. The
// test ignores the body: net/http removes it from a real answer, but httptest doesn't.
func TestHead(t *testing.T) {
	f := newFixture(t)
	f.importOf(1)
	f.do(call{method: "POST", path: "/api/api-key", token: f.admin})
	var writing []string
	for _, op := range operations(t) {
		if op.method != http.MethodGet || op.path == "/api/mail/{id}" {
			continue
		}
		before, commits := f.state(), f.store.commits.Load()
		head := f.do(call{method: "HEAD", path: op.at(1), token: f.admin})
		if f.state() != before || f.store.commits.Load() != commits {
			t.Errorf("HEAD %s has written", op.path)
		}
		get := f.do(call{path: op.at(1), token: f.admin})
		if f.store.commits.Load() != commits {
			writing = append(writing, op.name)
			head.want(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED")
			continue
		}
		if get.status != http.StatusOK || head.status != get.status ||
			head.header.Get("Content-Type") != get.header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d %v, GET: %d %v", op.path, head.status, head.header, get.status, get.header)
		}
		if !op.public() {
			f.do(call{method: "HEAD", path: op.at(1)}).want(t, http.StatusUnauthorized, "UNAUTHORIZED")
		}
	}
	if slices.Sort(writing); !slices.Equal(writing, getsWithoutHead) {
		t.Errorf("the GET operations %q write, want %q", writing, getsWithoutHead)
	}
}

// TestContractIsServed checks that GET /openapi.yaml returns api/openapi.yaml, byte for byte.
func TestContractIsServed(t *testing.T) {
	f := newFixture(t)
	a := f.do(call{path: "/openapi.yaml"})
	if a.status != http.StatusOK || a.body != string(api.OpenAPI) || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%d, %d bytes of type %q", a.status, len(a.body), a.header.Get("Content-Type"))
	}
	if a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("the contract lacks X-Content-Type-Options")
	}
}

// TestUncleanPath checks that the mux redirects a path such as /api//users to the clean path on the same server. The
// status 307 makes the client keep the method.
func TestUncleanPath(t *testing.T) {
	f := newFixture(t)
	for path, clean := range map[string]string{
		"//api/users": "/api/users", "/api//users": "/api/users", "/api/./users": "/api/users",
		"/api/x/../users": "/api/users", "//evil.example/..": "/",
	} {
		a := f.do(call{method: "POST", path: path, token: f.admin, body: `[]`})
		if got := a.header.Get("Location"); a.status != http.StatusTemporaryRedirect || got != clean {
			t.Errorf("%s: %d to %q, want %q", path, a.status, got, clean)
		}
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: the answer has no request id", path)
		}
	}
}
