package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

var errOfDriver = errors.New("dial 10.1.2.3: password of the database refused")

// TestFailingStore: a store that fails is 503 when it may work again, and else
// 500. The cause is for the log alone.
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
			return &account.Error{Code: account.CodeUnavailable, Message: "Later.", RetryAfter: 1500 * time.Millisecond, Err: errOfDriver}
		}, 503, account.CodeUnavailable, "2"},
		{"unavailable, nobody knows how long", func(string) error {
			return &account.Error{Code: account.CodeUnavailable, Message: "Later.", Err: errOfDriver}
		}, 503, account.CodeUnavailable, "1"},
		{"plain failure", func(string) error { return errOfDriver }, 500, account.CodeInternal, ""},
		{"panic", func(string) error { panic(errOfDriver) }, 500, account.CodeInternal, ""},
		{"code of no status", func(string) error { return &account.Error{Code: "INVENTED", Err: errOfDriver} }, 500, "INVENTED", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, op := range operations(t) {
				if op.path == "/api/about" { // it asks the store nothing
					continue
				}
				c := call{method: op.method, path: op.at(1), token: f.admin}
				if op.body() != nil {
					c.body = jsonOf(op.example())
				}
				f.store.fail(test.fault)
				var a answer
				lines := f.log.during(func() { a = f.do(c) })
				f.store.fail(nil)
				a.want(t, test.status, test.code)
				op.checkAnswer(t, a)
				if got := a.header.Get("Retry-After"); got != test.retry {
					t.Errorf("%s: Retry-After is %q, want %q", op.name, got, test.retry)
				}
				if strings.Contains(a.body, "dial") || strings.Contains(a.body, "goroutine") {
					t.Errorf("%s tells the cause: %s", op.name, a.body)
				}
				if !strings.Contains(lines, errOfDriver.Error()) || !strings.Contains(lines, a.header.Get("X-Request-Id")) {
					t.Errorf("%s: the log does not tell the cause: %s", op.name, lines)
				}
				if !strings.Contains(lines, "level=ERROR") {
					t.Errorf("%s: no line is an error: %s", op.name, lines)
				}
			}
		})
	}
}

// TestFailingWrite: reads go on, and a session is good, while nothing can be
// written.
func TestFailingWrite(t *testing.T) {
	f := newFixture(t)
	f.clock.advance(2 * time.Minute) // the session is due to be touched
	f.store.fail(func(method string) error {
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

// TestListThatFails: a list is whole, or it is an error: never a 200 that ends
// early.
func TestListThatFails(t *testing.T) {
	for _, test := range []struct {
		name  string
		users int
		fault func() error
		calls int // of UsersAfter until it fails
		sent  bool
	}{
		{"at once", 0, func() error { return errOfDriver }, 1, false},
		{"before anything is sent", 500, func() error { return errOfDriver }, 1, false},
		{"in the middle", 600, func() error { return errOfDriver }, 3, true},
		{"in the middle, by a panic", 600, func() error { panic(errOfDriver) }, 3, true},
		{"in the middle, for now", 600, func() error { return &account.Error{Code: account.CodeUnavailable, Err: errOfDriver} }, 3, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.manyUsers(test.users)
			calls := 0
			f.store.fail(func(method string) error {
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
				answer{response.StatusCode, response.Header, string(body)}.want(t, http.StatusInternalServerError, account.CodeInternal)
			} else if err == nil {
				t.Errorf("a list of %d bytes looks whole", len(body))
			}
			server.Close() // the request has ended
			if !strings.Contains(f.log.String(), errOfDriver.Error()) {
				t.Errorf("the log does not tell the cause: %s", f.log.String())
			}
			if !strings.Contains(f.exposition(), `usher_http_request_seconds_count{operation="apiUsersGet"} 1`) {
				t.Error("the request is not counted")
			}
		})
	}
}

// manyUsers stores so many users, past the rules.
func (f *fixture) manyUsers(n int) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error {
		for i := range n {
			u := account.User{Email: fmt.Sprintf("u%d@example.org", i), Name: strings.Repeat("n", 100), Provider: account.ProviderLocal}
			if _, err := tx.InsertUser(ctx, u, account.EmailKey(u.Email), "", f.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestLongList: more than one page, in one piece, by id.
func TestLongList(t *testing.T) {
	f := newFixture(t)
	f.manyUsers(1000)
	var users []struct{ ID int64 }
	f.do(call{path: "/api/users", token: f.admin}).decode(t, &users)
	if len(users) != 1001 {
		t.Fatalf("%d users", len(users))
	}
	for i, u := range users {
		if u.ID != int64(i)+1 {
			t.Fatalf("at %d is the user %d", i, u.ID)
		}
	}
}

// TestClientGoesAway: a request that is given up is nobody's fault.
func TestClientGoesAway(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := call{path: "/api/users", token: f.admin}.request().WithContext(ctx)
	lines := f.log.during(func() { f.serve(r).want(t, http.StatusServiceUnavailable, account.CodeUnavailable) })
	if lines != "" {
		t.Errorf("the log tells of a failure: %s", lines)
	}
}

// What is not of the contract passes the same gate: a page that panics is
// answered, logged and counted.
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
