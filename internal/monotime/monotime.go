// Package monotime is a monotonic clock that keeps counting while the machine is
// suspended.
//
// Go's monotonic clock stops during a suspend, of this machine or of the host of a
// virtual one. The wall clock does not stop, but it can be set. So [Clock] compares the two
// and adds each divergence between them to its time, as time that may have passed. It never
// goes back. It never under-reports elapsed time, except for suspends shorter than the
// tolerance.
//
// Import rule: the package imports only the standard library.
package monotime

import (
	"sync"
	"time"
)

// tolerance is the divergence of the two clocks between two readings that is ignored. A
// shorter suspend is not detected.
const tolerance = 200 * time.Millisecond

// Clock is a monotonic clock that detects suspends. It is safe for concurrent use.
type Clock struct {
	read      func() (monotonic, wall time.Time)
	mu        sync.Mutex
	monotonic time.Time     // at the last reading
	wall      time.Time     // at the last reading
	missed    time.Duration // sum of all divergences so far
}

// New returns a clock that reads the clocks of this machine.
func New() *Clock {
	return NewFrom(func() (monotonic, wall time.Time) {
		now := time.Now()
		return now, now.Round(0)
	})
}

// NewFrom returns a clock that gets both times from read, for tests.
func NewFrom(read func() (monotonic, wall time.Time)) *Clock {
	c := &Clock{read: read}
	c.monotonic, c.wall = read()
	return c
}

// Read returns the time of the monotonic clock, and the time since the clock was created that
// the monotonic clock may have missed. The second value never decreases. It also grows
// when the wall clock is set, in either direction. So it is an upper bound: growth shows
// that the machine may have been suspended, not for how long.
func (c *Clock) Read() (monotonic time.Time, missed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	monotonic, wall := c.read()
	if divergence := (wall.Sub(c.wall) - monotonic.Sub(c.monotonic)).Abs(); divergence > tolerance {
		c.missed += divergence
	}
	c.monotonic, c.wall = monotonic, wall
	return monotonic, c.missed
}

// Now returns the time of the monotonic clock plus the time that it may have missed. The
// zero point is arbitrary: compare two readings only. A difference never under-reports
// elapsed time, except for suspends shorter than the tolerance.
func (c *Clock) Now() time.Time {
	monotonic, missed := c.Read()
	return monotonic.Add(missed)
}
