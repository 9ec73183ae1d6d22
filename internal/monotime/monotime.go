// Package monotime is a monotonic clock that keeps counting while the machine is suspended.
//
// Go's monotonic clock stops while this machine is suspended, or the host of this virtual
// machine. The wall clock continues, but it can be set. So [Clock] compares the advance of
// the two clocks between readings, and adds each difference to its time. Its time never goes
// back. It never under-reports elapsed time, except for suspends shorter than the tolerance.
package monotime

import (
	"sync"
	"time"
)

// tolerance is the largest difference between the advances of the two clocks that is ignored.
// A suspend that is shorter is not detected.
const tolerance = 200 * time.Millisecond

// Clock is a monotonic clock that detects suspends. It is safe for concurrent use.
type Clock struct {
	read      func() (monotonic, wall time.Time)
	mu        sync.Mutex
	monotonic time.Time     // monotonic clock at the last reading
	wall      time.Time     // wall clock at the last reading
	missed    time.Duration // sum of all differences above the tolerance so far
}

// New returns a clock that reads the clocks of this machine.
func New() *Clock {
	return NewFrom(func() (monotonic, wall time.Time) {
		now := time.Now()
		return now, now.Round(0)
	})
}

// NewFrom returns a clock that reads the monotonic and the wall clock with read, for tests.
func NewFrom(read func() (monotonic, wall time.Time)) *Clock {
	c := &Clock{read: read}
	c.monotonic, c.wall = read()
	return c
}

// Read returns the time of the monotonic clock, and how much time that clock may have missed
// since this Clock was created. missed never decreases. It also grows when the wall clock is
// set, forward or back, so it is only an upper bound. Growth shows that the machine may have
// been suspended, but not for how long.
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

// Now returns the time of the monotonic clock plus the time that this clock may have missed.
// The zero point is arbitrary, so only the difference of two results has a meaning. A
// difference never under-reports elapsed time, except for suspends shorter than the
// tolerance.
func (c *Clock) Now() time.Time {
	monotonic, missed := c.Read()
	return monotonic.Add(missed)
}
