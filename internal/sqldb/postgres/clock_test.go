package postgres

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// The machine's monotonic clock stands still during a suspend, so the database's clock must be read
// again afterwards. A change of the machine's wall clock looks like a suspend and also causes a
// reading, which does no harm.
func TestClockAfterSuspend(t *testing.T) {
	cluster, name := pgtest.NewDatabase(t)
	db, err := Open(t.Context(), Config{URL: secret.New(cluster.SocketURL(name))})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var slept atomic.Int64
	monotonic := time.Now().Round(0) // stands still, so only readings of the database's clock change the time
	machine := monotime.NewFrom(func() (time.Time, time.Time) {
		return monotonic, monotonic.Add(time.Duration(slept.Load()))
	})
	clock, end, err := newClock(t.Context(), db.Querier, machine)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("end: got error %v, want none", err)
		}
	}()
	for _, by := range []time.Duration{time.Second, -time.Hour, 100 * time.Hour} {
		before, limit := clock.Now(), time.Now().Add(5*time.Second)
		slept.Add(int64(by))
		for clock.Now().Equal(before) {
			if time.Now().After(limit) {
				t.Fatalf("after %v the clock is not read", by)
			}
			time.Sleep(time.Millisecond)
		}
		if off := clock.Now().Sub(db.Clock()).Abs(); off > 10*time.Second {
			t.Errorf("after %v the time is off by %v", by, off)
		}
	}
}
