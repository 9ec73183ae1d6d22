package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
)

// Flags of the crash test. `make torture` sets the number of rounds.
var (
	tortureRounds = flag.Int("torture.rounds", 10, "crashes in each part of TestTorture")
	tortureSeed   = flag.Uint64("torture.seed", 0, "seed of the requests and crashes of TestTorture; 0: a random one")
)

const (
	writerCount      = 6
	progressInterval = 10 // number of rounds between two progress lines

	// maxAnswers is the maximum number of responses before a crash. The crash follows the last of them after at most
	// maxCrashDelay.
	maxAnswers    = 60
	maxCrashDelay = 10 * time.Millisecond
)

// TestTorture repeatedly crashes the server, or its database, while clients change users, roles and sessions and
// request messages. After each crash it checks three properties:
//
//   - Every acknowledged request has taken effect exactly once, with its entries in the activity log and the outbox.
//   - A request without a response has taken effect either completely or not at all.
//   - The database contains nothing else.
func TestTorture(t *testing.T) {
	t.Parallel()
	for _, part := range []struct {
		name  string
		start func(*testing.T) (crashEngine, faultInjector)
	}{
		{"server on SQLite", crashServerOnSQLite},
		{"server on PostgreSQL", crashServerOnPostgres},
		{"PostgreSQL", crashPostgres},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			seed := *tortureSeed
			if seed == 0 {
				seed = 1 + rand.Uint64N(1_000_000)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("repeat with -torture.seed=%d", seed)
				}
			})
			random := rand.New(rand.NewPCG(seed, 0))
			e, faults := part.start(t)
			c := startCrashTest(t, e, seed)
			for round := range *tortureRounds {
				c.round(t, random, faults)
				if t.Failed() {
					t.Fatalf("in round %d", round+1)
				}
				if (round+1)%progressInterval == 0 {
					t.Logf("%d of %d rounds: %s", round+1, *tortureRounds, c)
				}
			}
			c.finish(t)
		})
	}
}

// crashTest is a server, the clients that use it, and the state that the server must have.
type crashTest struct {
	engine  crashEngine
	server  *server
	smtp    *mailtest.Server
	client  *http.Client
	admin   string // session token of an administrator
	unowned *state // state that no writer has created; it never changes
	writers []*writer

	unresolved int // number of requests that got no response
	applied    int // number of unresolved requests that have taken effect
}

func startCrashTest(t *testing.T, e crashEngine, seed uint64) *crashTest {
	t.Helper()
	smtp, o := startMailServer(t)
	o.Flags = append(append(o.Flags, e.options.Flags...), "--trusted-proxies", "127.0.0.1/32")
	o.Env = append(o.Env, e.options.Env...)
	c := &crashTest{
		engine: e, server: startServer(t, o), smtp: smtp,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: writerCount}, Timeout: defaultTimeout},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	c.admin = c.server.signInAdmin(t)
	// Turn the lockout policy off. A sign-in that a crash interrupts counts as a failed attempt, so crashes could lock
	// an account.
	c.server.do(t, "PATCH", "/api/lockout-policy", c.admin, fields{"enabled": false}).want(t, http.StatusOK)
	roles := []int64{2}
	var newRoles []fields
	for n := range 5 {
		newRoles = append(newRoles, fields{"name": fmt.Sprintf("Role %d", n), "description": ""})
	}
	created := c.server.do(t, "POST", "/api/roles", c.admin, newRoles).want(t, http.StatusCreated)
	for _, r := range decode[[]struct{ ID int64 }](t, created) {
		roles = append(roles, r.ID)
	}
	slices.Sort(roles)
	for n := range writerCount {
		c.writers = append(c.writers, &writer{
			model: model{state: newState(), sessions: map[string]int64{}},
			name:  fmt.Sprintf("w%d", n), number: n, key: c.admin, roles: roles,
			random: rand.New(rand.NewPCG(seed, uint64(n)+1)),
		})
	}
	c.unowned = c.readState(t)[""]
	return c
}

// round lets the writers send requests, crashes the server or its database at a random moment, and checks the state
// after the recovery. The crash follows a random number of responses, so that a slow machine handles as many requests
// as a fast one. Half of the crashes come immediately after the last response. They reveal requests that are
// acknowledged before they are durable.
func (c *crashTest) round(t *testing.T, random *rand.Rand, faults faultInjector) {
	t.Helper()
	var answers atomic.Int64
	crashAfter, delay := 1+random.Int64N(maxAnswers), randomDelay(random, maxCrashDelay)
	crashed, stop := make(chan struct{}), make(chan struct{})
	answered := func() {
		if answers.Add(1) == crashAfter {
			<-time.After(delay)
			faults.inject(t, c.server)
			close(crashed)
		}
	}
	var work sync.WaitGroup
	for _, w := range c.writers {
		work.Go(func() { w.write(t, c.client, c.server.URL, c.engine.remote, answered, stop) })
	}
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		work.Wait()
	}()
	select {
	case <-crashed:
	case <-idle:
		if n := answers.Load(); n < crashAfter {
			t.Fatalf("the clients stopped after %d answers, want %d", n, crashAfter)
		}
	}
	before := c.server
	c.server = faults.recover(t, before, random)
	close(stop)
	<-idle
	c.check(t)
	if !t.Failed() {
		before.log.discard()
	}
}

// finish waits until all messages are delivered, checks the state a last time, and stops the server.
func (c *crashTest) finish(t *testing.T) {
	t.Helper()
	db := c.engine.open(t, c.server)
	defer db.Close()
	eventuallyWithin(t, claimTimeout+defaultTimeout, "all messages are delivered", func() bool {
		return !slices.ContainsFunc(readOutbox(t, db), func(r outboxRow) bool { return r.State != "delivered" })
	})
	c.check(t)
	c.server.stop(t)
	t.Logf("total: %s", c)
}

// String summarizes the progress of the test.
func (c *crashTest) String() string {
	acknowledged, users, entries := 0, 0, 0
	for _, w := range c.writers {
		acknowledged += w.acknowledged
		users += len(w.Users)
		entries += len(w.Log)
	}
	return fmt.Sprintf("%d requests acknowledged; %d without an answer, of which %d took effect; "+
		"%d users, %d log entries, %d messages",
		acknowledged, c.unresolved, c.applied, users, entries, len(c.smtp.Messages()))
}
