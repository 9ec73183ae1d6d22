package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

const (
	// revoked is how long after a revocation was answered a request that begins
	// may still be let in by another server: docs/security.md.
	revoked = time.Second
	// watched is how long a revoked token is tried after that.
	watched = time.Second
)

// replicas are servers on one PostgreSQL database, each with a link of its own.
type replicas struct {
	t       *testing.T
	cluster *pgtest.Cluster
	links   []*link
	post    *mailtest.Server
	client  *http.Client
	key     string // of the administrator

	mu      sync.Mutex
	servers []*server

	sources atomic.Int64 // of requests, each from an address of its own
	writes  atomic.Int64 // acknowledged
	ended   atomic.Int64 // revocations whose token was watched to the end
	asked   atomic.Int64 // recoveries acknowledged
}

func startReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	cluster := startPostgres(t)
	database, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	post, o := startPost(t)
	// An answer may take the time of a transaction that waits for a dead link.
	r := &replicas{t: t, cluster: cluster, post: post, client: &http.Client{Timeout: 20 * time.Second}}
	for range n {
		l := newLink(t, "127.0.0.1:"+strconv.Itoa(cluster.Port))
		at, err := url.Parse(cluster.URL(database))
		if err != nil {
			t.Fatal(err)
		}
		at.Host = "127.0.0.1:" + strconv.Itoa(l.port())
		o := o
		o.Flags = append([]string{"--trusted-proxies", "127.0.0.1", "--database-timeout", "1s"}, o.Flags...)
		o.Env = append([]string{"USHER_DATABASE_URL=" + at.String(), "USHER_SERVER_KEY=" + serverKey}, o.Env...)
		r.links = append(r.links, l)
		r.servers = append(r.servers, startServer(t, o))
	}
	r.key = r.servers[0].admin(t)
	return r
}

// server returns one of them as it runs now.
func (r *replicas) server(n int) *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.servers[n%len(r.servers)]
}

// call sends a request to a server, from an address that nobody else has.
func (r *replicas) call(n int, method, path, key string, body any) (answer, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequest(method, r.server(n).URL+path, bytes.NewReader(encoded))
	if err != nil {
		return answer{}, err
	}
	if body == nil {
		request.Body = http.NoBody
	} else {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("X-Api-Key", key)
	source := r.sources.Add(1)
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", source>>16&255, source>>8&255, source&255))
	return send(r.client, request)
}

// write changes a user again and again through one server, and checks that what
// was answered is what is there, on any other.
func (r *replicas) write(n int, until <-chan struct{}) {
	const path = "/api/users"
	for round := 0; !over(until); round++ {
		email := fmt.Sprintf("writer%d-%d@example.com", n, round)
		a, err := r.call(n, "POST", path, r.key, []fields{{"name": "W", "email": email, "password": "Analytical-1"}})
		if err != nil || a.Status != http.StatusCreated {
			r.refused(a, err)
			continue
		}
		id := createdID(a)
		r.writes.Add(1)
		name, maybe := "W", []string{"W"} // what was answered last, and what is not known
		for change := range 5 {
			next := fmt.Sprintf("W%d", change)
			a, err := r.call(n, "PATCH", path+"/"+id, r.key, fields{"name": next})
			if err != nil || a.Status != http.StatusOK {
				r.refused(a, err)
				maybe = append(maybe, next)
				continue
			}
			r.writes.Add(1)
			name, maybe = next, []string{next}
		}
		r.mustBecome(fmt.Sprintf("user %s, whose last answered name is %s (maybe %v)", id, name, maybe), func(try int) bool {
			a, err := r.call(try, "GET", path+"/"+id, r.key, nil)
			if err != nil || a.Status != http.StatusOK {
				return false
			}
			var u user
			if err := json.Unmarshal(a.Body, &u); err != nil {
				return false
			}
			for _, one := range maybe {
				if u.Name == one {
					return true
				}
			}
			r.t.Errorf("user %s has the name %s, want one of %v", id, u.Name, maybe)
			return true
		})
	}
}

// revoke signs users in, uses the token everywhere, ends the session on another
// server, and watches that no server lets it in any longer.
func (r *replicas) revoke(n int, until <-chan struct{}) {
	email, password := fmt.Sprintf("revoked%d@example.com", n), "Analytical-1"
	for round := n; !over(until); round++ {
		a, err := r.call(round, "POST", "/api/login", "", fields{"email": email, "password": password})
		if err != nil || a.Status != http.StatusOK {
			r.refused(a, err)
			continue
		}
		var session struct{ AuthToken string }
		if err := json.Unmarshal(a.Body, &session); err != nil {
			r.t.Error(err)
			return
		}
		r.use(session.AuthToken)
		r.signOut(round+1, session.AuthToken)
	}
}

// use calls every server with a token that is good.
func (r *replicas) use(token string) {
	for n := range r.links {
		a, err := r.call(n, "GET", "/api/users/whoami", token, nil)
		if err == nil && a.Status == http.StatusUnauthorized {
			r.t.Errorf("server %d does not know a session that another has made", n)
		}
	}
}

// signOut ends a session on one server, and watches it on all.
func (r *replicas) signOut(n int, token string) {
	a, err := r.call(n, "POST", "/api/logout", token, nil)
	if err != nil || a.Status >= http.StatusBadRequest {
		r.refused(a, err)
		return
	}
	r.watch(token, time.Now())
}

// watch tries a token whose end was answered at a time.
func (r *replicas) watch(token string, end time.Time) {
	var all sync.WaitGroup
	for n := range r.links {
		all.Go(func() {
			ticker := time.NewTicker(25 * time.Millisecond)
			defer ticker.Stop()
			for ; ; <-ticker.C {
				begun := time.Since(end)
				if begun > revoked+watched {
					return
				}
				a, err := r.call(n, "GET", "/api/users/whoami", token, nil)
				if err == nil && a.Status == http.StatusOK && begun > revoked {
					r.t.Errorf("server %d lets a token in %s after its end", n, begun)
				}
			}
		})
	}
	all.Wait()
	r.ended.Add(1)
}

// recover asks for messages, for users in turn.
func (r *replicas) recover(users int, until <-chan struct{}) {
	for n := 0; n < users && !over(until); n++ {
		email := fmt.Sprintf("forgetful%d@example.com", n)
		a, err := r.call(n, "POST", "/api/users/forgotten-password", "", fields{"email": email})
		if err != nil || a.Status != http.StatusOK {
			r.refused(a, err)
			continue
		}
		r.asked.Add(1)
		r.mustBecome("a message to "+email, func(int) bool { return r.received(email) > 0 })
	}
}

// received counts the messages to somebody.
func (r *replicas) received(email string) (n int) {
	for _, m := range r.post.Messages() {
		if m.Recipients[0] == email {
			n++
		}
	}
	return n
}

// refused fails the test for an answer that is neither that of a server without
// its database nor of one that is gone.
func (r *replicas) refused(a answer, err error) {
	if err == nil && a.Status != http.StatusServiceUnavailable {
		r.t.Errorf("%s is answered %d: %s", a.URL, a.Status, a.Body)
	}
}

// mustBecome is within for other goroutines than the test's.
func (r *replicas) mustBecome(what string, f func(try int) bool) {
	deadline := time.Now().Add(claimTime + patience)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for try := 0; !f(try); try++ {
		if time.Now().After(deadline) {
			r.t.Errorf("waited in vain for %s", what)
			return
		}
		<-ticker.C
	}
}

func over(until <-chan struct{}) bool {
	select {
	case <-until:
		return true
	default:
		return false
	}
}

func createdID(a answer) string {
	var users []user
	if err := json.Unmarshal(a.Body, &users); err != nil || len(users) == 0 {
		return "0"
	}
	return number(users[0].ID)
}

// goOn returns when so much more was done since it was called.
func (r *replicas) goOn(writes, ended int64) {
	r.t.Helper()
	wantWrites, wantEnded := r.writes.Load()+writes, r.ended.Load()+ended
	withinTime(r.t, 3*patience, "the clients have gone on", func() bool {
		return r.writes.Load() >= wantWrites && r.ended.Load() >= wantEnded
	})
}

func (r *replicas) allReady() {
	r.t.Helper()
	within(r.t, "all servers are ready", func() bool {
		for n := range r.links {
			if a, err := r.call(n, "GET", "/readyz", "", nil); err != nil || a.Status != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// TestReplicas runs three servers with clients on all, and takes away one thing
// after another: the packets between a server and the database, the database, a
// server. What was answered stays, what was revoked stays out, and each message
// comes once.
func TestReplicas(t *testing.T) {
	t.Parallel()
	const forgetful, revokers = 30, 2
	r := startReplicas(t, 3)
	for n := range forgetful {
		r.server(n).addUser(t, r.key, "Forgetful", fmt.Sprintf("forgetful%d@example.com", n), "Analytical-1")
	}
	for n := range revokers {
		r.server(n).addUser(t, r.key, "Revoked", fmt.Sprintf("revoked%d@example.com", n), "Analytical-1")
	}
	stop := make(chan struct{})
	var clients sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); clients.Wait() })
	t.Cleanup(end)
	for n := range r.links {
		clients.Go(func() { r.write(n, stop) })
	}
	for n := range revokers {
		clients.Go(func() { r.revoke(n, stop) })
	}
	clients.Go(func() { r.recover(forgetful, stop) })
	r.goOn(20, revokers)

	var standing []string // sessions that every server knows
	for n := range 3 {
		standing = append(standing, r.server(n).signIn(t, fmt.Sprintf("revoked%d@example.com", n%revokers), "Analytical-1"))
		r.use(standing[n])
	}
	r.links[1].cut()
	for n, token := range standing { // they end on the others, and the one that hears nothing must not let them in
		clients.Go(func() { r.signOut(2*(n%2), token) })
	}
	r.goOn(20, int64(len(standing))+revokers)
	r.links[1].heal()
	r.allReady()
	r.goOn(20, revokers)
	// One that the server without packets had taken comes when its time for it is over.
	withinTime(t, claimTime+patience, "every message has come", func() bool { return r.asked.Load() > 0 && len(r.post.Messages()) >= int(r.asked.Load()) })
	for n := range forgetful { // nothing has crashed so far
		if got := r.received(fmt.Sprintf("forgetful%d@example.com", n)); got > 1 {
			t.Errorf("user %d got %d messages", n, got)
		}
	}

	if err := r.cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := r.cluster.Start(); err != nil {
		t.Fatal(err)
	}
	r.allReady()
	r.goOn(20, revokers)

	r.server(2).kill(t)
	r.goOn(10, 0)
	again := r.server(2).again(t)
	r.mu.Lock()
	r.servers[2] = again
	r.mu.Unlock()
	r.goOn(20, revokers)
	end()
	t.Logf("%d writes, %d sessions ended, %d messages asked for", r.writes.Load(), r.ended.Load(), r.asked.Load())
}
