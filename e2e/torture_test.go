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

// `make torture` makes it long.
var (
	tortureRounds = flag.Int("torture.rounds", 10, "crashes in each part of TestTorture")
	tortureSeed   = flag.Uint64("torture.seed", 0, "what TestTorture asks for, and when it kills; 0: something else each time")
)

const (
	tortureWriters  = 6
	tortureProgress = 10 // rounds between two lines of it

	// A crash comes after at most so many answers, and so long after the last of
	// them.
	mostAnswers = 60
	longestWait = 10 * time.Millisecond
)

// TestTorture crashes the server, or its database, again and again while several
// clients change users, roles and sessions and ask for messages. After each crash
// all that was acknowledged is there, once, with its entries in the activity log
// and its rows in the outbox; what was asked for and not answered is there whole or
// not at all; and nothing else is.
func TestTorture(t *testing.T) {
	t.Parallel()
	for _, part := range []struct {
		name  string
		start func(*testing.T) (engine, killer)
	}{
		{"SQLite, the server killed", tortureSQLite},
		{"PostgreSQL, the server killed", tortureOnPostgres},
		{"PostgreSQL killed", torturePostgres},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			seed := *tortureSeed
			if seed == 0 {
				seed = 1 + rand.Uint64N(1_000_000)
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the seed was -torture.seed=%d", seed)
				}
			})
			random := rand.New(rand.NewPCG(seed, 0))
			e, k := part.start(t)
			c := startTorture(t, e, seed)
			for round := range *tortureRounds {
				c.round(t, random, k)
				if t.Failed() {
					t.Fatalf("in round %d", round+1)
				}
				if (round+1)%tortureProgress == 0 {
					t.Logf("%d of %d rounds: %s", round+1, *tortureRounds, c)
				}
			}
			c.finish(t)
		})
	}
}

// torture is a server, its clients, and what it is known to hold.
type torture struct {
	engine  engine
	server  *server
	post    *mailtest.Server
	client  *http.Client
	admin   string // a session
	others  *world // what no writer has made
	writers []*writer

	unknown, happened int // requests without an outcome, and those of them that have happened
}

func startTorture(t *testing.T, e engine, seed uint64) *torture {
	t.Helper()
	post, o := startPost(t)
	o.Flags = append(append(o.Flags, e.options.Flags...), "--trusted-proxies", "127.0.0.1/32")
	o.Env = append(o.Env, e.options.Env...)
	c := &torture{
		engine: e, server: startServer(t, o), post: post,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: tortureWriters}, Timeout: patience},
	}
	t.Cleanup(c.client.CloseIdleConnections)
	c.admin = c.server.admin(t)
	// A sign-in that a crash cuts off counts as a wrong guess.
	c.server.do(t, "PATCH", "/api/lockout-policy", c.admin, fields{"enabled": false}).want(t, http.StatusOK)
	roles := []int64{2}
	var wanted []fields
	for n := range 5 {
		wanted = append(wanted, fields{"name": fmt.Sprintf("Role %d", n), "description": ""})
	}
	for _, r := range into[[]struct{ ID int64 }](t, c.server.do(t, "POST", "/api/roles", c.admin, wanted).want(t, http.StatusCreated)) {
		roles = append(roles, r.ID)
	}
	slices.Sort(roles)
	for n := range tortureWriters {
		c.writers = append(c.writers, &writer{
			knowledge: knowledge{world: newWorld(), live: map[string]int64{}},
			name:      fmt.Sprintf("w%d", n), number: n, key: c.admin, roles: roles,
			random: rand.New(rand.NewPCG(seed, uint64(n)+1)),
		})
	}
	c.others = c.look(t)[""]
	return c
}

// round has the writers at work, kills at a moment that nobody chose, and checks
// what is there afterwards. The moment comes after a number of answers, so a slow
// machine does as much before it as a fast one; half of the time it is that of the
// last answer, which tells what was answered too soon.
func (c *torture) round(t *testing.T, random *rand.Rand, k killer) {
	t.Helper()
	var answers atomic.Int64
	wanted, wait := 1+random.Int64N(mostAnswers), moment(random, longestWait)
	killed, stop := make(chan struct{}), make(chan struct{})
	answered := func() {
		if answers.Add(1) == wanted {
			<-time.After(wait)
			k.kill(t, c.server)
			close(killed)
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
	case <-killed:
	case <-idle:
		if n := answers.Load(); n < wanted {
			t.Fatalf("the clients gave up after %d answers, want %d", n, wanted)
		}
	}
	crashed := c.server
	c.server = k.again(t, crashed, random)
	close(stop)
	<-idle
	c.check(t)
	if !t.Failed() {
		crashed.log.forget()
	}
}

// finish waits until all messages were delivered, and ends the server.
func (c *torture) finish(t *testing.T) {
	t.Helper()
	db := c.engine.open(t, c.server)
	defer db.Close()
	withinTime(t, claimTime+patience, "all messages are delivered", func() bool {
		return !slices.ContainsFunc(readOutbox(t, db), func(r outboxRow) bool { return r.State != "delivered" })
	})
	c.check(t)
	c.server.stop(t)
	t.Logf("in the end: %s", c)
}

// String sums up what was done.
func (c *torture) String() string {
	acknowledged, users, entries := 0, 0, 0
	for _, w := range c.writers {
		acknowledged += w.acknowledged
		users += len(w.Users)
		entries += len(w.Log)
	}
	return fmt.Sprintf("%d requests acknowledged; %d without an outcome, of which %d had happened; %d users, %d entries, %d messages",
		acknowledged, c.unknown, c.happened, users, entries, len(c.post.Messages()))
}
