package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

const (
	clockInterval     = 10 * time.Second       // between two readings of the database's clock
	clockRetryWait    = 250 * time.Millisecond // at least, after a failed reading
	maxClockRoundTrip = time.Second            // slower readings are too inaccurate
)

// clock follows the database's clock. All servers of the database share it, whatever their own clocks
// say, so that locks, lifetimes and limits are the same on each.
type clock struct {
	db      sqldb.Querier
	machine *monotime.Clock
	last    atomic.Pointer[reading]
	suspend chan struct{} // holds a value when the machine may have slept since the last reading
}

// reading is a time of the database and the time of this machine at that moment.
type reading struct {
	database, machine time.Time
	missed            time.Duration // by the machine's clock until then
}

// newClock reads the database's clock now, and then periodically, until the returned function is
// called. It reads the clock at once when the machine may have slept.
func newClock(ctx context.Context, q sqldb.Querier, machine *monotime.Clock) (*clock, func() error, error) {
	c := &clock{db: q, machine: machine, suspend: make(chan struct{}, 1)}
	if err := c.read(ctx); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.follow(ctx)
	}()
	return c, func() error { cancel(); <-ended; return nil }, nil
}

// follow reads the clock until ctx ends. After a failed reading the last one stays in use.
func (c *clock) follow(ctx context.Context) {
	ticker := time.NewTicker(clockInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-c.suspend:
		}
		if c.read(ctx) == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(clockRetryWait):
		}
	}
}

// read reads the database's clock. It assumes that the clock was read in the middle of the round
// trip.
func (c *clock) read(ctx context.Context) error {
	sent, missed := c.machine.Read()
	micros, err := sqldb.One(ctx, c.db, func(row sqldb.Row) (n int64, err error) { return n, row.Scan(&n) },
		`SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`)
	if err != nil {
		return err
	}
	received, _ := c.machine.Read()
	roundTrip := received.Sub(sent)
	if c.last.Load() == nil || roundTrip < maxClockRoundTrip {
		c.last.Store(&reading{time.UnixMicro(micros).UTC(), sent.Add(roundTrip / 2), missed})
	}
	return nil
}

// Now returns the time of the database. Setting this machine's clock does not change it. After a
// sleep of the machine it is late until the database's clock is read again.
func (c *clock) Now() time.Time {
	r := c.last.Load()
	now, missed := c.machine.Read()
	if missed != r.missed {
		select {
		case c.suspend <- struct{}{}:
		default: // noted already
		}
	}
	return r.database.Add(now.Sub(r.machine))
}
