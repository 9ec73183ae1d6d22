// Package monotime has a clock that nobody sets and that notices when the machine slept.
// It imports nothing of Usher.
package monotime

import (
	"sync"
	"time"
)

// tolerance is how far the two clocks of a machine may come apart between two looks.
// A shorter sleep is not noticed.
const tolerance = 200 * time.Millisecond

// Clock is the monotonic clock of this machine. That stands still while the machine, or
// the host of a virtual one, is suspended, and the other clock does not, or is set when
// it goes on. Where they come apart, time may have passed. It may be used by many
// goroutines at once.
type Clock struct {
	read      func() (monotonic, wall time.Time)
	mu        sync.Mutex
	monotonic time.Time // at the last look
	wall      time.Time
	missed    time.Duration
}

// New returns the clock of this machine.
func New() *Clock {
	return Of(func() (monotonic, wall time.Time) {
		now := time.Now()
		return now, now.Round(0)
	})
}

// Of returns a clock that reads those that are given.
func Of(read func() (monotonic, wall time.Time)) *Clock {
	c := &Clock{read: read}
	c.monotonic, c.wall = read()
	return c
}

// Read returns the time by the monotonic clock, and how much may have passed since the
// clock was made while that stood still. That only grows, also when somebody has set the
// other clock, in either direction: it tells that the machine may have slept, not for
// how long.
func (c *Clock) Read() (monotonic time.Time, missed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	monotonic, wall := c.read()
	if apart := (wall.Sub(c.wall) - monotonic.Sub(c.monotonic)).Abs(); apart > tolerance {
		c.missed += apart
	}
	c.monotonic, c.wall = monotonic, wall
	return monotonic, c.missed
}

// Now returns the time by the monotonic clock and what may have been missed. Only
// differences mean anything: that between two is never less than the time between
// them, but for sleeps that were not noticed.
func (c *Clock) Now() time.Time {
	monotonic, missed := c.Read()
	return monotonic.Add(missed)
}
