package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// TestLog checks that writes and refused credentials are logged, and other reads are not.
func TestLog(t *testing.T) {
	f := newFixture(t)
	ada := f.as("ada@example.org")
	tests := []struct {
		name string
		call call
		want []string // parts of the one line of the request; nil: no line
	}{
		{"read", call{path: "/api/users", token: f.admin}, nil},
		{"head", call{method: "HEAD", path: "/api/users", token: f.admin}, nil},
		{"forbidden read", call{path: "/api/mail", token: ada}, nil},
		{"read of an absent user", call{path: "/api/users/999", token: f.admin}, nil},
		{"unknown path", call{path: "/secret-path?secret-query"}, nil},
		{"contract", call{path: "/openapi.yaml"}, nil},
		{"write", call{method: "PATCH", path: "/api/users/1", token: f.admin, body: `{"name":"secret-name"}`},
			[]string{"level=INFO", "operation=apiUsersIdPatch", "status=200", "user=1", "target=1", "method=PATCH",
				"source=192.0.2.1", "request=", "took="}},
		{"forbidden write", call{method: "DELETE", path: "/api/users/1", token: ada},
			[]string{"level=INFO", "operation=apiUsersIdDelete", "status=403", "user=2"}},
		{"write of bad input", call{method: "POST", path: "/api/login", body: `{"secret-field":1}`},
			[]string{"level=INFO", "operation=apiLoginPost", "status=400"}},
		{"no credential", call{path: "/api/users"}, []string{"level=INFO", "operation=apiUsersGet", "status=401"}},
		{"bad credential", call{path: "/api/users", token: "secret-token"},
			[]string{"level=INFO", "operation=apiUsersGet", "status=401"}},
		{"bad sign-in", call{method: "POST", path: "/api/login", body: `{"email":"a@b.c","password":"secret-x"}`},
			[]string{"level=INFO", "operation=apiLoginPost", "status=401",
				`msg="password refused" cause="unknown address"`}},
		{"write to an unknown path", call{method: "POST", path: "/secret-path?secret-query"},
			[]string{"level=INFO", "status=404", "method=POST"}},
		{"wrong method", call{method: "PUT", path: "/api/users?secret-query"}, []string{"level=INFO", "status=405"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lines := f.log.during(func() { f.do(test.call) })
			if got := strings.Count(lines, " msg=request "); got != min(1, len(test.want)) {
				t.Errorf("%d lines:\n%s", got, lines)
			}
			for _, part := range test.want {
				if !strings.Contains(lines, part) {
					t.Errorf("the line lacks %q: %s", part, lines)
				}
			}
			if strings.Contains(lines, "secret") {
				t.Errorf("the line has text of the client: %s", lines)
			}
		})
	}
}

// TestAccessLog checks that every request is logged if the access log is on.
func TestAccessLog(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.AccessLog = true })
	for path, operation := range map[string]string{
		"/api/users": "apiUsersGet", "/api/users/1": "apiUsersIdGet", "/api/users/whoami": "apiUsersWhoamiGet",
	} {
		c := call{path: path, token: f.admin, header: http.Header{"X-Request-Id": {"mine"}}}
		line := f.log.during(func() { f.do(c) })
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, "operation="+operation) ||
			!strings.Contains(line, "request=mine") {
			t.Errorf("%s: %q", path, line)
		}
	}
	line := f.log.during(func() { f.do(call{path: "/secret-path?secret-query"}) })
	if strings.Count(line, "\n") != 1 || strings.Contains(line, "secret") {
		t.Errorf("an unknown path: %q", line)
	}
}

// TestLogLinesCannotBeForged checks that text from a client, such as a line break in a header, can't add a line to the
// log.
func TestLogLinesCannotBeForged(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.AccessLog = true; o.Proxies = trusted })
	const forged = "x\nlevel=ERROR msg=forged"
	lines := f.log.during(func() {
		f.do(call{path: "/api/users", from: "10.0.0.1", header: http.Header{
			"X-Request-Id": {forged}, "X-Api-Key": {forged}, "User-Agent": {forged}, "X-Forwarded-For": {forged},
		}})
	})
	if strings.Count(lines, "\n") != 1 || strings.Contains(lines, "forged") {
		t.Errorf("the lines are:\n%s", lines)
	}
}

// TestUserAgent checks that a sign-in succeeds with any User-Agent, and that the session stores it as short, valid
// text.
func TestUserAgent(t *testing.T) {
	f := newFixture(t)
	body := jsonOf(map[string]string{"email": adminEmail, "password": password})
	for _, agent := range []string{"", "\xff\xfe", strings.Repeat("é", 5000), "<script>", strings.Repeat("\xe9", 500)} {
		a := f.do(call{method: "POST", path: "/api/login", body: body, header: http.Header{"User-Agent": {agent}}})
		var in struct{ AuthToken string }
		a.decode(t, &in)
		session := f.sessionOf(in.AuthToken)
		if want := strings.ToValidUTF8(agent, "\uFFFD"); !strings.HasPrefix(want, session.Device) ||
			len(session.Device) > 256 {
			t.Errorf("%.20q is stored as %q", agent, session.Device)
		}
		if session.ClientNetwork != clientAddress {
			t.Errorf("the client network is %q", session.ClientNetwork)
		}
	}
}

// sessionOf returns the stored session whose token is text.
func (f *fixture) sessionOf(text string) account.Session {
	f.t.Helper()
	p, err := f.accounts.Authenticate(f.t.Context(), secret.New(text), account.Origin{})
	if err != nil {
		f.t.Fatal(fmt.Errorf("authenticate: %w", err))
	}
	return p.Session
}
