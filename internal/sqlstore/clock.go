package sqlstore

import (
	"context"
	"sync/atomic"
	"time"
)

// Times of a clock that follows the database's.
const (
	clockTime   = 10 * time.Second // between two looks
	clockTravel = time.Second      // a look that takes longer says too little
)

// clock tells the time of the database, which is one for all its servers, whatever
// their own clocks say: locks, lifetimes and limits are the same on each.
type clock struct {
	db   queries
	last atomic.Pointer[moment]
}

// moment is a time of the database, and when it was, by this machine.
type moment struct{ theirs, ours time.Time }

// newClock looks at the database's clock, and again and again until it is closed.
func newClock(ctx context.Context, q queries) (*clock, func() error, error) {
	c := &clock{db: q}
	if err := c.look(ctx); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(clockTime)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				_ = c.look(ctx) // the clock goes on without
			}
		}
	}()
	return c, func() error { cancel(); <-ended; return nil }, nil
}

// look asks for the time. What it took to travel is halved.
func (c *clock) look(ctx context.Context) error {
	asked := time.Now()
	micro, err := one(ctx, c.db, scanInt, `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`)
	if err != nil {
		return err
	}
	travel := time.Since(asked)
	if c.last.Load() == nil || travel < clockTravel {
		c.last.Store(&moment{time.UnixMicro(micro).UTC(), asked.Add(travel / 2)})
	}
	return nil
}

// Now is the time of the database. Setting this machine's clock does not change it.
func (c *clock) Now() time.Time {
	m := c.last.Load()
	return m.theirs.Add(time.Since(m.ours))
}
