package e2e_test

import (
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// killer is what crashes in a run, and how it comes up again.
type killer struct {
	kill func(*testing.T, *server) // at once, from any goroutine
	// again returns the server that runs when all is up again.
	again func(t *testing.T, s *server, random *rand.Rand) *server
}

// serverKiller kills the server, and now and then the next one too while it
// starts.
func serverKiller(e engine) killer {
	return killer{
		kill: func(t *testing.T, s *server) { s.signal(t, syscall.SIGKILL) },
		again: func(t *testing.T, s *server, random *rand.Rand) *server {
			t.Helper()
			s.waitExit(t)
			for random.IntN(4) == 0 {
				s.crashAtStart(t, moment(random, 100*time.Millisecond))
			}
			e.settled(t)
			return s.again(t)
		},
	}
}

// postgresKiller kills every process of PostgreSQL. The server goes on, and finds
// it again when it is back.
func postgresKiller(cluster *pgtest.Cluster) killer {
	return killer{
		kill: func(t *testing.T, _ *server) {
			if err := cluster.Kill(); err != nil {
				t.Error(err)
			}
		},
		again: func(t *testing.T, s *server, _ *rand.Rand) *server {
			t.Helper()
			if err := cluster.Start(); err != nil {
				t.Fatal(err)
			}
			within(t, "the server is ready again", func() bool { return getStatus(t, s.URL+"/readyz") == http.StatusOK })
			return s
		},
	}
}

// crashAtStart starts a server with the options and the data of one that has
// ended, and kills it so soon.
func (s *server) crashAtStart(t *testing.T, after time.Duration) {
	t.Helper()
	cmd := command(t, &s.options)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	<-time.After(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Errorf("kill the server that starts: %v", err)
	}
	_ = cmd.Wait() // it was killed
}

// moment is a time of at most so long, and every second time none.
func moment(random *rand.Rand, most time.Duration) time.Duration {
	return max(0, time.Duration(random.Int64N(2*int64(most)))-most)
}
