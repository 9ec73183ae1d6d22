package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// TestLog: writes, refused credentials and faults of ours are worth a line, good
// reads are not.
func TestLog(t *testing.T) {
	f := newFixture(t)
	ada := f.as("ada@example.org")
	tests := []struct {
		name string
		call call
		want []string // in the log, with one line of the request; nil: none
	}{
		{"read", call{path: "/api/users", token: f.admin}, nil},
		{"head", call{method: "HEAD", path: "/api/users", token: f.admin}, nil},
		{"read that is not allowed", call{path: "/api/mail", token: ada}, nil},
		{"read of nothing", call{path: "/api/users/999", token: f.admin}, nil},
		{"unknown path", call{path: "/secret-path?secret-query"}, nil},
		{"contract", call{path: "/openapi.yaml"}, nil},
		{"write", call{method: "PATCH", path: "/api/users/1", token: f.admin, body: `{"name":"secret-name"}`},
			[]string{"level=INFO", "operation=apiUsersIdPatch", "status=200", "user=1", "target=1", "method=PATCH", "source=192.0.2.1", "request=", "took="}},
		{"write that is refused", call{method: "DELETE", path: "/api/users/1", token: ada}, []string{"level=INFO", "operation=apiUsersIdDelete", "status=403", "user=2"}},
		{"write of bad input", call{method: "POST", path: "/api/login", body: `{"secret-field":1}`}, []string{"level=INFO", "operation=apiLoginPost", "status=400"}},
		{"no credential", call{path: "/api/users"}, []string{"level=INFO", "operation=apiUsersGet", "status=401"}},
		{"bad credential", call{path: "/api/users", token: "secret-token"}, []string{"level=INFO", "operation=apiUsersGet", "status=401"}},
		{"bad sign-in", call{method: "POST", path: "/api/login", body: `{"email":"a@b.c","password":"secret-x"}`}, []string{"level=INFO", "operation=apiLoginPost", "status=401", `msg="password refused" cause="unknown address"`}},
		{"write to an unknown path", call{method: "POST", path: "/secret-path?secret-query"}, []string{"level=INFO", "status=404", "method=POST"}},
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
				t.Errorf("the line has what the client wrote: %s", lines)
			}
		})
	}
}

// TestAccessLog: with it, every request has its line.
func TestAccessLog(t *testing.T) {
	f := newFixture(t, func(o *httpapi.Options) { o.AccessLog = true })
	for path, operation := range map[string]string{"/api/users": "apiUsersGet", "/api/users/1": "apiUsersIdGet", "/api/users/whoami": "apiUsersWhoamiGet"} {
		line := f.log.during(func() { f.do(call{path: path, token: f.admin, header: http.Header{"X-Request-Id": {"mine"}}}) })
		if strings.Count(line, "\n") != 1 || !strings.Contains(line, "operation="+operation) || !strings.Contains(line, "request=mine") {
			t.Errorf("%s: %q", path, line)
		}
	}
	if line := f.log.during(func() { f.do(call{path: "/secret-path?secret-query"}) }); strings.Count(line, "\n") != 1 || strings.Contains(line, "secret") {
		t.Errorf("an unknown path: %q", line)
	}
}

// TestLogLinesCannotBeForged: what a client writes makes no line of its own.
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

// TestMetrics: requests are counted by operation and class of status, and by
// nothing that a client makes up.
func TestMetrics(t *testing.T) {
	f := newFixture(t)
	f.do(call{path: "/api/users/1", token: f.admin})
	f.do(call{path: "/api/users/999", token: f.admin})
	f.do(call{path: "/api/users/998", token: f.admin})
	f.do(call{path: "/secret-path"})
	f.do(call{method: "SECRET", path: "/api/users"})
	if err := f.accounts.PollInvalidations(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.do(call{path: "/api/users", token: f.admin})
	}
	text := f.exposition()
	for _, want := range []string{
		`usher_http_requests_total{operation="apiUsersIdGet",status="2xx"} 1`,
		`usher_http_requests_total{operation="apiUsersIdGet",status="4xx"} 2`,
		`usher_http_requests_total{operation="none",status="4xx"} 2`,
		`usher_http_request_seconds_count{operation="apiUsersIdGet"} 3`,
		`usher_credential_lookups_total{outcome="stale"} 3`,
		`usher_credential_lookups_total{outcome="miss"} 1`,
		`usher_credential_lookups_total{outcome="hit"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(strings.ToLower(text), "secret") {
		t.Error("the metrics have what a client wrote")
	}
	if got, want := strings.Count(text, "usher_http_requests_total{"), 6*(len(operations(t))+1); got != want {
		t.Errorf("there are %d counters, want %d", got, want)
	}
}

// exposition is what /metrics shows.
func (f *fixture) exposition() string {
	g := &fixture{handler: promhttp.HandlerFor(f.metrics, promhttp.HandlerOpts{})}
	return g.do(call{path: "/metrics"}).body
}

// TestUserAgent: a name that is no UTF-8 does not stop a sign-in, and is stored
// as text.
func TestUserAgent(t *testing.T) {
	f := newFixture(t)
	body := jsonOf(map[string]string{"email": adminEmail, "password": password})
	for _, agent := range []string{"", "\xff\xfe", strings.Repeat("é", 5000), "<script>", strings.Repeat("\xe9", 500)} {
		a := f.do(call{method: "POST", path: "/api/login", body: body, header: http.Header{"User-Agent": {agent}}})
		var in struct{ AuthToken string }
		a.decode(t, &in)
		session := f.sessionOf(in.AuthToken)
		if want := strings.ToValidUTF8(agent, "\uFFFD"); !strings.HasPrefix(want, session.Device) || len(session.Device) > 256 {
			t.Errorf("%.20q is stored as %q", agent, session.Device)
		}
		if session.ClientNetwork != home {
			t.Errorf("the source is %q", session.ClientNetwork)
		}
	}
}

func (f *fixture) sessionOf(text string) account.Session {
	f.t.Helper()
	p, err := f.accounts.Authenticate(f.t.Context(), secret.New(text), account.Origin{})
	if err != nil {
		f.t.Fatal(fmt.Errorf("authenticate: %w", err))
	}
	return p.Session
}
