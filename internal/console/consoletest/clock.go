package consoletest

import (
	"sync"
	"time"
)

// Clock is the clock that tests inject. It stands still until a test calls Advance.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the current time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
