package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

// reply is the answer of the test server to one request. If status is 0, the server
// closes the connection without an answer.
type reply struct {
	status     int
	body       string
	retryAfter string
}

var (
	unavailable   = reply{503, `{"statusCode":503,"error":"UNAVAILABLE","message":"Busy."}`, "2"}
	tooMany       = reply{429, `{"statusCode":429,"error":"TOO_MANY_REQUESTS","message":"Wait."}`, "2"}
	tooManyLong   = reply{429, `{"statusCode":429,"error":"TOO_MANY_REQUESTS","message":"Wait."}`, "60"}
	unavailable20 = reply{503, `{"statusCode":503,"error":"UNAVAILABLE","message":"Busy."}`, "20"}
	proxy503      = reply{503, "<html>", ""}
	internal      = reply{500, `{"statusCode":500,"error":"INTERNAL_SERVER_ERROR","message":"Oh."}`, ""}
	broken        = reply{}
	success       = reply{200, adaJSON, ""}
)

// TestRetries checks how many requests reach the server, and how long the client waits
// between them.
func TestRetries(t *testing.T) {
	get := func(ctx context.Context, c *client.Client) error { _, err := c.Users.Get(ctx, 18); return err }
	patch := func(ctx context.Context, c *client.Client) error {
		_, err := c.Users.Update(ctx, 18, client.UserUpdate{Name: new("n")})
		return err
	}
	remove := func(ctx context.Context, c *client.Client) error { return c.Users.Delete(ctx, 18) }
	password := func(ctx context.Context, c *client.Client) error { return c.ChangePassword(ctx, "o", "n") }

	for _, test := range []struct {
		name     string
		call     func(context.Context, *client.Client) error
		replies  []reply // the server repeats the last one
		retries  int
		attempts int
		waits    time.Duration // total time waited, rounded down to seconds
		ok       bool
	}{
		{"GET, busy once", get, []reply{unavailable, success}, 2, 2, 2 * time.Second, true},
		{"GET, busy twice", get, []reply{unavailable, tooMany, success}, 2, 3, 4 * time.Second, true},
		{"GET, busy for ever", get, []reply{unavailable}, 2, 3, 4 * time.Second, false},
		{"GET, not asked for", get, []reply{unavailable}, 0, 1, 0, false},
		{"GET, asked too often", get, []reply{unavailable}, 100, 3, 4 * time.Second, false},
		{"GET, wait too long", get, []reply{tooManyLong}, 2, 1, 0, false},
		{"GET, waits too long together", get, []reply{unavailable20}, 2, 2, 20 * time.Second, false},
		{"GET, broken once", get, []reply{broken, success}, 2, 2, 0, true},
		{"GET, proxy busy", get, []reply{proxy503, success}, 2, 2, 0, true},
		{"GET, fault", get, []reply{internal}, 2, 1, 0, false},
		{"PATCH, busy once", patch, []reply{unavailable, success}, 2, 2, 2 * time.Second, true},
		{"PATCH, broken", patch, []reply{broken}, 2, 1, 0, false},
		{"PATCH, proxy busy", patch, []reply{proxy503}, 2, 1, 0, false},
		{"DELETE, busy once", remove, []reply{unavailable, success}, 2, 2, 2 * time.Second, true},
		{"DELETE, broken", remove, []reply{broken}, 2, 1, 0, false},
		{"password, too many", password, []reply{tooMany, success}, 2, 2, 2 * time.Second, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			attempts, bodies := 0, map[string]bool{}
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				defer mu.Unlock()
				bodies[string(body)] = true
				next := test.replies[min(attempts, len(test.replies)-1)]
				attempts++
				if next.status == 0 {
					hangUp(t, w)
					return
				}
				if next.retryAfter != "" {
					w.Header().Set("Retry-After", next.retryAfter)
				}
				w.WriteHeader(next.status)
				_, _ = io.WriteString(w, next.body)
			})
			var waited time.Duration
			// net/http itself retries a request on a reused connection, which would change the
			// number of requests.
			withoutKeepAlive := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			c := newClient(t, url, client.WithRetries(test.retries), client.WithHTTPClient(withoutKeepAlive))
			c = client.WithSleep(c, func(_ context.Context, d time.Duration) error { waited += d; return nil })
			err := test.call(t.Context(), c)
			mu.Lock()
			defer mu.Unlock()
			if (err == nil) != test.ok {
				t.Errorf("error: %v", err)
			}
			if attempts != test.attempts || waited.Truncate(time.Second) != test.waits {
				t.Errorf("%d attempts and %v waited, want %d and %v", attempts, waited, test.attempts, test.waits)
			}
			if len(bodies) != 1 {
				t.Errorf("the bodies of the attempts differ: %v", bodies)
			}
		})
	}
}

func hangUp(t *testing.T, w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

func TestContextEndsTheWaiting(t *testing.T) {
	var attempts atomic.Int32
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		attempts.Add(1)
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, unavailable.body)
	})
	ctx, cancel := context.WithCancel(t.Context())
	c := client.WithSleep(newClient(t, url), func(ctx context.Context, _ time.Duration) error {
		cancel()
		return ctx.Err()
	})
	_, err := c.Whoami(ctx)
	if !errors.Is(err, client.CodeUnavailable) || attempts.Load() != 1 {
		t.Errorf("after %d attempts: %v", attempts.Load(), err)
	}
}

func TestNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newClient(t, "http://127.0.0.1:1")
	if _, err := c.Whoami(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	c = newClient(t, "http://127.0.0.1:1", client.WithToken("uss_hidden"), client.WithRetries(0))
	_, err := c.Whoami(t.Context())
	if _, answered := errors.AsType[*client.Error](err); err == nil || answered {
		t.Errorf("got %v", err)
	}
}

// TestUsersAllStreams checks that All yields users while they arrive. The server sends
// the second user only after the client has received the first.
func TestUsersAllStreams(t *testing.T) {
	seen := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "[%s", adminJSON)
		w.(http.Flusher).Flush()
		select {
		case <-seen:
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, ",%s]", adaJSON)
	})
	var emails []string
	for u, err := range newClient(t, url).Users.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(emails) == 0 {
			close(seen)
		}
		emails = append(emails, u.Email)
	}
	if len(emails) != 2 {
		t.Errorf("got %v", emails)
	}
}

func TestUsersAllEndsEarly(t *testing.T) {
	for _, test := range []struct {
		name, body string
		users      int
		failed     bool
	}{
		{"none", "[]", 0, false},
		{"cut after the first", "[" + adminJSON, 1, true},
		{"cut in the second", "[" + adminJSON + `,{"id":`, 1, true},
		{"no list", "{}", 0, true},
		{"null", "null", 0, true},
		{"wrong element", "[1]", 0, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, test.body) })
			users, failed := 0, false
			for _, err := range newClient(t, url).Users.All(t.Context()) {
				if err != nil {
					failed = true
					continue
				}
				users++
			}
			if users != test.users || failed != test.failed {
				t.Errorf("%d users, failed: %v; want %d and %v", users, failed, test.users, test.failed)
			}
		})
	}

	t.Run("the caller stops", func(t *testing.T) {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "[%s,%s]", adminJSON, adaJSON) })
		for range newClient(t, url).Users.All(t.Context()) {
			break
		}
	})
}
