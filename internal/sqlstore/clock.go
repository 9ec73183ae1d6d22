package sqlstore

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/monotime"
)

// Times of a clock that follows the database's.
const (
	clockTime   = 10 * time.Second       // between two looks
	clockRetry  = 250 * time.Millisecond // at least, after one that failed
	clockTravel = time.Second            // a look that takes longer says too little
)

// clock tells the time of the database, which is one for all its servers, whatever
// their own clocks say: locks, lifetimes and limits are the same on each.
type clock struct {
	db      queries
	machine *monotime.Clock
	last    atomic.Pointer[moment]
	slept   chan struct{} // has one when the machine may have slept since the last look
}

// moment is a time of the database, and when it was, by this machine.
type moment struct {
	theirs, ours time.Time
	missed       time.Duration // by the machine's clock until then
}

// newClock looks at the database's clock, and again and again until it is closed; at
// once when the machine may have slept.
func newClock(ctx context.Context, q queries, machine *monotime.Clock) (*clock, func() error, error) {
	c := &clock{db: q, machine: machine, slept: make(chan struct{}, 1)}
	if err := c.look(ctx); err != nil {
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

// follow looks until ctx ends. The clock goes on without a look that fails.
func (c *clock) follow(ctx context.Context) {
	ticker := time.NewTicker(clockTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-c.slept:
		}
		if c.look(ctx) == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(clockRetry):
		}
	}
}

// look asks for the time. What it took to travel is halved.
func (c *clock) look(ctx context.Context) error {
	asked, missed := c.machine.Read()
	micro, err := one(ctx, c.db, scanInt, `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`)
	if err != nil {
		return err
	}
	answered, _ := c.machine.Read()
	travel := answered.Sub(asked)
	if c.last.Load() == nil || travel < clockTravel {
		c.last.Store(&moment{time.UnixMicro(micro).UTC(), asked.Add(travel / 2), missed})
	}
	return nil
}

// Now is the time of the database. Setting this machine's clock does not change it. After
// a sleep of the machine it is late until the database has answered.
func (c *clock) Now() time.Time {
	m := c.last.Load()
	now, missed := c.machine.Read()
	if missed != m.missed {
		select {
		case c.slept <- struct{}{}:
		default: // it is known
		}
	}
	return m.theirs.Add(now.Sub(m.ours))
}
