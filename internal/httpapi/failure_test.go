package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

var errDriver = errors.New("dial 10.1.2.3: password of the database refused")

// TestFailingStore checks that a temporary error of the store gets the status 503 and any other error 500. The cause
// may appear in the log, but not in the answer.
func TestFailingStore(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		name   string
		fault  func(string) error
		status int
		code   account.Code
		retry  string
	}{
		{"unavailable", func(string) error {
			const wait = 1500 * time.Millisecond
			return &account.Error{Code: account.CodeUnavailable, Message: "Later.", RetryAfter: wait, Err: errDriver}
		}, 503, account.CodeUnavailable, "2"},
		{"unavailable without RetryAfter", func(string) error {
			return &account.Error{Code: account.CodeUnavailable, Message: "Later.", Err: errDriver}
		}, 503, account.CodeUnavailable, "1"},
		{"error of another type", func(string) error { return errDriver }, 500, account.CodeInternal, ""},
		{"panic", func(string) error { panic(errDriver) }, 500, account.CodeInternal, ""},
		{"code without a status", func(string) error {
			return &account.Error{Code: "INVENTED", Err: errDriver}
		}, 500, "INVENTED", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, op := range operations(t) {
				if op.path == "/api/about" { // it doesn't call the store
					continue
				}
				c := call{method: op.method, path: op.at(1), token: f.admin}
				if op.body() != nil {
					c.body = jsonOf(op.example())
				}
				f.store.failWith(test.fault)
				var a answer
				lines := f.log.during(func() { a = f.do(c) })
				f.store.failWith(nil)
				a.want(t, test.status, test.code)
				op.checkAnswer(t, a)
				if got := a.header.Get("Retry-After"); got != test.retry {
					t.Errorf("%s: Retry-After is %q, want %q", op.name, got, test.retry)
				}
				if strings.Contains(a.body, "dial") || strings.Contains(a.body, "goroutine") {
					t.Errorf("%s: the answer has the cause: %s", op.name, a.body)
				}
				if !strings.Contains(lines, errDriver.Error()) || !strings.Contains(lines, a.header.Get("X-Request-Id")) {
					t.Errorf("%s: the log lacks the cause: %s", op.name, lines)
				}
				if !strings.Contains(lines, "level=ERROR") {
					t.Errorf("%s: the log has no error: %s", op.name, lines)
				}
			}
		})
	}
}

// TestFailingWrite checks that reads with a valid session succeed while the store can't write.
func TestFailingWrite(t *testing.T) {
	f := newFixture(t)
	f.clock.advance(2 * time.Minute) // so the next request tries to write when the session was last used
	f.store.failWith(func(method string) error {
		if method == "Write" {
			return &account.Error{Code: account.CodeUnavailable, Message: "Later.", RetryAfter: 5 * time.Second}
		}
		return nil
	})
	if a := f.do(call{path: "/api/users", token: f.admin}); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := f.do(call{method: "PATCH", path: "/api/users/1", token: f.admin, body: `{"name":"x"}`})
	a.want(t, http.StatusServiceUnavailable, account.CodeUnavailable)
	if a.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
}

// TestFailingList checks requests for a list that the store can't read, or can read only in part. The server must send
// an error or break the connection, so that no client takes a truncated list for the whole one.
func TestFailingList(t *testing.T) {
	for _, test := range []struct {
		name  string
		users int
		fault func() error
		calls int // the number of the call of UsersAfter that fails
		sent  bool
	}{
		{"first call", 0, func() error { return errDriver }, 1, false},
		{"before anything is sent", 500, func() error { return errDriver }, 1, false},
		{"in the middle", 600, func() error { return errDriver }, 3, true},
		{"panic in the middle", 600, func() error { panic(errDriver) }, 3, true},
		{"unavailable in the middle", 600, func() error {
			return &account.Error{Code: account.CodeUnavailable, Err: errDriver}
		}, 3, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.manyUsers(test.users)
			calls := 0
			f.store.failWith(func(method string) error {
				if method != "UsersAfter" {
					return nil
				}
				if calls++; calls < test.calls {
					return nil
				}
				return test.fault()
			})
			server := httptest.NewServer(f.handler)
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/users", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Api-Key", f.admin)
			response, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if !test.sent {
				a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
				a.want(t, http.StatusInternalServerError, account.CodeInternal)
			} else if err == nil {
				t.Errorf("a truncated list of %d bytes ends without an error", len(body))
			}
			server.Close() // waits until the handler has returned
			if !strings.Contains(f.log.String(), errDriver.Error()) {
				t.Errorf("the log lacks the cause: %s", f.log.String())
			}
			if !strings.Contains(f.exposition(), `usher_http_request_seconds_count{operation="apiUsersGet"} 1`) {
				t.Error("the metrics don't count the request")
			}
		})
	}
}

// TestClientDisconnects checks that a request whose client has disconnected doesn't log an error.
func TestClientDisconnects(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := call{path: "/api/users", token: f.admin}.request().WithContext(ctx)
	lines := f.log.during(func() { f.serve(r).want(t, http.StatusServiceUnavailable, account.CodeUnavailable) })
	if lines != "" {
		t.Errorf("the log has an error: %s", lines)
	}
}

// TestPagePanics checks that a panic in a page outside the API is logged and that the client gets an error.
func TestPagePanics(t *testing.T) {
	f := newFixture(t)
	log := f.log.during(func() {
		a := f.do(call{method: "GET", path: "/page"})
		if a.status != http.StatusInternalServerError || a.header.Get("X-Request-Id") == "" {
			t.Errorf("got %d with the headers %v", a.status, a.header)
		}
	})
	if !strings.Contains(log, "level=ERROR msg=panic") {
		t.Errorf("the log has %q", log)
	}
}
