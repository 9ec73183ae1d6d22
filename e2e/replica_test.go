package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

const (
	// revocationLimit is how long another server may still accept a credential after its revocation was acknowledged
	// (docs/security.md).
	revocationLimit = time.Second
	// watchTime is how long the test continues to use a revoked token after revocationLimit.
	watchTime = time.Second
)

// replicas are servers on one PostgreSQL database. Each server connects through its own partition proxy.
type replicas struct {
	t       *testing.T
	cluster *pgtest.Cluster
	proxies []*partitionProxy
	smtp    *mailtest.Server
	client  *http.Client
	key     string // session token of the administrator

	mu      sync.Mutex
	servers []*server

	lastClientAddress atomic.Int64 // number of the newest one; each request has a new client address
	writes            atomic.Int64 // number of acknowledged writes
	revocations       atomic.Int64 // number of revocations that were checked on all servers
	recoveries        atomic.Int64 // number of acknowledged recovery requests
}

func startReplicas(t *testing.T, n int) *replicas {
	t.Helper()
	cluster := startPostgres(t)
	database, err := cluster.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	smtp, o := startMailServer(t)
	// During a partition a request may take as long as the timeout of a transaction.
	r := &replicas{t: t, cluster: cluster, smtp: smtp, client: &http.Client{Timeout: 20 * time.Second}}
	for range n {
		p := newPartitionProxy(t, "127.0.0.1:"+strconv.Itoa(cluster.Port))
		databaseURL, err := url.Parse(cluster.URL(database))
		if err != nil {
			t.Fatal(err)
		}
		databaseURL.Host = "127.0.0.1:" + strconv.Itoa(p.port())
		o := o
		o.Flags = append([]string{"--trusted-proxies", "127.0.0.1", "--database-timeout", "1s"}, o.Flags...)
		o.Env = append([]string{
			"USHER_DATABASE_URL=" + databaseURL.String(), "USHER_SERVER_KEY=" + serverKey,
		}, o.Env...)
		r.proxies = append(r.proxies, p)
		r.servers = append(r.servers, startServer(t, o))
	}
	r.key = r.servers[0].signInAdmin(t)
	return r
}

// server returns the running server process of replica n.
func (r *replicas) server(n int) *server {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.servers[n%len(r.servers)]
}

// call sends a request to replica n. Each call has a new client address.
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
	address := r.lastClientAddress.Add(1)
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", address>>16&255, address>>8&255, address&255))
	return send(r.client, request)
}

// writeUsers creates and changes users through replica n until stop is closed. It checks on the other replicas that
// acknowledged changes were stored.
func (r *replicas) writeUsers(n int, stop <-chan struct{}) {
	const path = "/api/users"
	for round := 0; !isClosed(stop); round++ {
		email := fmt.Sprintf("writer%d-%d@example.com", n, round)
		a, err := r.call(n, "POST", path, r.key, []fields{{"name": "W", "email": email, "password": "Analytical-1"}})
		if err != nil || a.Status != http.StatusCreated {
			r.wantUnavailable(a, err)
			continue
		}
		id := createdID(a)
		r.writes.Add(1)
		// name is the last acknowledged name. possible also has the names of later requests with an unknown outcome.
		name, possible := "W", []string{"W"}
		for change := range 5 {
			next := fmt.Sprintf("W%d", change)
			a, err := r.call(n, "PATCH", path+"/"+id, r.key, fields{"name": next})
			if err != nil || a.Status != http.StatusOK {
				r.wantUnavailable(a, err)
				possible = append(possible, next)
				continue
			}
			r.writes.Add(1)
			name, possible = next, []string{next}
		}
		what := fmt.Sprintf("user %s has the last acknowledged name %s, or one of %v", id, name, possible)
		r.eventually(what, func(attempt int) bool {
			a, err := r.call(attempt, "GET", path+"/"+id, r.key, nil)
			if err != nil || a.Status != http.StatusOK {
				return false
			}
			var u user
			if err := json.Unmarshal(a.Body, &u); err != nil {
				return false
			}
			if !slices.Contains(possible, u.Name) {
				r.t.Errorf("user %s has the name %s, want one of %v", id, u.Name, possible)
			}
			return true
		})
	}
}

// revokeSessions repeatedly signs a user in, uses the token on all replicas, and signs out on another replica. It then
// checks that all replicas refuse the token.
func (r *replicas) revokeSessions(n int, stop <-chan struct{}) {
	email, password := fmt.Sprintf("revoked%d@example.com", n), "Analytical-1"
	for round := n; !isClosed(stop); round++ {
		a, err := r.call(round, "POST", "/api/login", "", fields{"email": email, "password": password})
		if err != nil || a.Status != http.StatusOK {
			r.wantUnavailable(a, err)
			continue
		}
		var session struct{ AuthToken string }
		if err := json.Unmarshal(a.Body, &session); err != nil {
			r.t.Error(err)
			return
		}
		r.wantAccepted(session.AuthToken)
		r.signOut(round+1, session.AuthToken)
	}
}

// wantAccepted fails the test if a replica refuses a valid token.
func (r *replicas) wantAccepted(token string) {
	for n := range r.proxies {
		a, err := r.call(n, "GET", "/api/users/whoami", token, nil)
		if err == nil && a.Status == http.StatusUnauthorized {
			r.t.Errorf("server %d refuses a session that another server created", n)
		}
	}
}

// signOut ends the session of the token on replica n, and checks that all replicas refuse the token afterwards.
func (r *replicas) signOut(n int, token string) {
	a, err := r.call(n, "POST", "/api/logout", token, nil)
	if err != nil || a.Status >= http.StatusBadRequest {
		r.wantUnavailable(a, err)
		return
	}
	r.wantRevoked(token, time.Now())
}

// wantRevoked uses a token on all replicas until revocationLimit and watchTime have passed since revoked, the time of
// the acknowledgment. It fails the test if a replica accepts the token later than revocationLimit.
func (r *replicas) wantRevoked(token string, revoked time.Time) {
	var all sync.WaitGroup
	for n := range r.proxies {
		all.Go(func() {
			ticker := time.NewTicker(25 * time.Millisecond)
			defer ticker.Stop()
			for ; ; <-ticker.C {
				elapsed := time.Since(revoked)
				if elapsed > revocationLimit+watchTime {
					return
				}
				a, err := r.call(n, "GET", "/api/users/whoami", token, nil)
				if err == nil && a.Status == http.StatusOK && elapsed > revocationLimit {
					r.t.Errorf("server %d accepts a token %s after its revocation", n, elapsed)
				}
			}
		})
	}
	all.Wait()
	r.revocations.Add(1)
}

// requestRecoveries requests a recovery message for one user after another, and waits until each message arrives.
func (r *replicas) requestRecoveries(users int, stop <-chan struct{}) {
	for n := 0; n < users && !isClosed(stop); n++ {
		email := fmt.Sprintf("forgetful%d@example.com", n)
		a, err := r.call(n, "POST", "/api/users/forgotten-password", "", fields{"email": email})
		if err != nil || a.Status != http.StatusOK {
			r.wantUnavailable(a, err)
			continue
		}
		r.recoveries.Add(1)
		r.eventually("a message arrives at "+email, func(int) bool { return r.received(email) > 0 })
	}
}

// received returns the number of messages that an email address has received.
func (r *replicas) received(email string) (n int) {
	for _, m := range r.smtp.Messages() {
		if m.Recipients[0] == email {
			n++
		}
	}
	return n
}

// wantUnavailable fails the test unless the request failed because the database or the server is down.
func (r *replicas) wantUnavailable(a answer, err error) {
	if err == nil && a.Status != http.StatusServiceUnavailable {
		r.t.Errorf("%s is answered %d: %s", a.URL, a.Status, a.Body)
	}
}

// eventually polls f until it returns true. It may run outside the test's goroutine. f may use the number of the
// attempt to choose a replica.
func (r *replicas) eventually(what string, f func(attempt int) bool) {
	deadline := time.Now().Add(claimTimeout + defaultTimeout)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for attempt := 0; !f(attempt); attempt++ {
		if time.Now().After(deadline) {
			r.t.Errorf("timed out: %s", what)
			return
		}
		<-ticker.C
	}
}

// isClosed reports whether the channel is closed.
func isClosed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// createdID returns the id of the user that a request created.
func createdID(a answer) string {
	var users []user
	if err := json.Unmarshal(a.Body, &users); err != nil || len(users) == 0 {
		return "0"
	}
	return formatID(users[0].ID)
}

// awaitProgress waits until the clients have made the given number of further acknowledged writes, and checked the
// given number of further revocations.
func (r *replicas) awaitProgress(writes, revocations int64) {
	r.t.Helper()
	wantWrites, wantRevocations := r.writes.Load()+writes, r.revocations.Load()+revocations
	eventuallyWithin(r.t, 3*defaultTimeout, "the clients make progress", func() bool {
		return r.writes.Load() >= wantWrites && r.revocations.Load() >= wantRevocations
	})
}

// awaitReady waits until all replicas are ready.
func (r *replicas) awaitReady() {
	r.t.Helper()
	eventually(r.t, "all servers are ready", func() bool {
		for n := range r.proxies {
			if a, err := r.call(n, "GET", "/readyz", "", nil); err != nil || a.Status != http.StatusOK {
				return false
			}
		}
		return true
	})
}

// TestReplicas runs three servers with clients on all of them, and injects faults: a network partition between a server
// and the database, a crash of the database, and a crash of a server. Acknowledged writes must survive, revoked tokens
// must stay refused, and each message must arrive exactly once.
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
	for n := range r.proxies {
		clients.Go(func() { r.writeUsers(n, stop) })
	}
	for n := range revokers {
		clients.Go(func() { r.revokeSessions(n, stop) })
	}
	clients.Go(func() { r.requestRecoveries(forgetful, stop) })
	r.awaitProgress(20, revokers)

	var sessions []string // sessions that every server has cached
	for n := range 3 {
		email := fmt.Sprintf("revoked%d@example.com", n%revokers)
		sessions = append(sessions, r.server(n).signIn(t, email, "Analytical-1"))
		r.wantAccepted(sessions[n])
	}
	r.proxies[1].partition()
	for n, token := range sessions { // on the servers that are not partitioned; all servers must refuse the tokens
		clients.Go(func() { r.signOut(2*(n%2), token) })
	}
	r.awaitProgress(20, int64(len(sessions))+revokers)
	r.proxies[1].heal()
	r.awaitReady()
	r.awaitProgress(20, revokers)
	// The partitioned server may have claimed a message before the partition. Such a message arrives after
	// claimTimeout.
	eventuallyWithin(t, claimTimeout+defaultTimeout, "every message arrives", func() bool {
		return r.recoveries.Load() > 0 && len(r.smtp.Messages()) >= int(r.recoveries.Load())
	})
	for n := range forgetful { // checked before any server crashes, so no message is sent twice
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
	r.awaitReady()
	r.awaitProgress(20, revokers)

	r.server(2).kill(t)
	r.awaitProgress(10, 0)
	restarted := r.server(2).restart(t)
	r.mu.Lock()
	r.servers[2] = restarted
	r.mu.Unlock()
	r.awaitProgress(20, revokers)
	end()
	t.Logf("%d writes, %d revocations, %d recoveries", r.writes.Load(), r.revocations.Load(), r.recoveries.Load())
}
