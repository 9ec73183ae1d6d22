package e2e_test

import (
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
)

// faultInjector crashes either the server or its database, and restarts the crashed process.
type faultInjector struct {
	inject func(*testing.T, *server) // may be called from any goroutine
	// recover restarts the crashed process, and returns the running server.
	recover func(t *testing.T, s *server, random *rand.Rand) *server
}

// serverCrash returns a fault injector that kills the server. Sometimes it also kills the restarted server while it
// starts.
func serverCrash(e crashEngine) faultInjector {
	return faultInjector{
		inject: func(t *testing.T, s *server) { s.signal(t, syscall.SIGKILL) },
		recover: func(t *testing.T, s *server, random *rand.Rand) *server {
			t.Helper()
			s.waitExit(t)
			for random.IntN(4) == 0 {
				s.killDuringStart(t, randomDelay(random, 100*time.Millisecond))
			}
			e.awaitDisconnected(t)
			return s.restart(t)
		},
	}
}

// postgresCrash returns a fault injector that kills all processes of PostgreSQL. The server keeps running and
// reconnects after PostgreSQL's restart.
func postgresCrash(cluster *pgtest.Cluster) faultInjector {
	return faultInjector{
		inject: func(t *testing.T, _ *server) {
			if err := cluster.Kill(); err != nil {
				t.Error(err)
			}
		},
		recover: func(t *testing.T, s *server, _ *rand.Rand) *server {
			t.Helper()
			if err := cluster.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the server is ready again", func() bool {
				return getStatus(t, s.URL+"/readyz") == http.StatusOK
			})
			return s
		},
	}
}

// killDuringStart starts a server with the options and the data directory of one that has exited. It kills the new
// server after the given time.
func (s *server) killDuringStart(t *testing.T, after time.Duration) {
	t.Helper()
	cmd := command(t, &s.options)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the server: %v", err)
	}
	<-time.After(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Errorf("kill the starting server: %v", err)
	}
	_ = cmd.Wait() // returns an error, because the process was killed
}

// randomDelay returns a random time up to limit, and 0 in half of the cases.
func randomDelay(random *rand.Rand, limit time.Duration) time.Duration {
	return max(0, time.Duration(random.Int64N(2*int64(limit)))-limit)
}
