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
	clockRetryWait    = 250 * time.Millisecond // shortest pause after a failed reading
	maxClockRoundTrip = time.Second            // slower readings are discarded as inaccurate
)

// clock tells the time by the database's clock. All servers of the database use this time instead of their own. So
// lockouts and sessions end at the same moment on each server.
type clock struct {
	db      sqldb.Querier
	machine *monotime.Clock
	last    atomic.Pointer[reading]
	suspend chan struct{} // holds a value if the machine may have been suspended since the last reading
}

// reading holds the database's time and this machine's monotonic time at the same moment.
type reading struct {
	database, machine time.Time
	missed            time.Duration // time that the machine's clock may have missed so far: see monotime.Clock.Read
}

// newClock reads the database's clock now, and then every clockInterval until the returned function is called. When the
// machine may have been suspended, it reads the clock at once.
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

// follow reads the database's clock periodically until ctx ends. If a reading fails, the previous one stays in use.
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

// read reads the database's clock. It assumes that the database read its clock halfway through the round trip.
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

// Now returns the database's current time. Setting this machine's clock does not change the result. After the machine
// was suspended, the result is too early until the database's clock is read again.
func (c *clock) Now() time.Time {
	r := c.last.Load()
	now, missed := c.machine.Read()
	if missed != r.missed {
		select {
		case c.suspend <- struct{}{}:
		default: // a reading is requested already
		}
	}
	return r.database.Add(now.Sub(r.machine))
}
