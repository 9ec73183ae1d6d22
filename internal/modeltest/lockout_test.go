package modeltest_test

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// policy says when failed sign-ins lock an account.
type policy struct {
	enabled          bool
	threshold        int           // failures that lock
	period, duration time.Duration // until failures are forgotten; of a lock. 0: until somebody ends it
}

// counter counts what failed: sign-ins of a source, or to an account from new
// sources together or from a known one.
type counter struct {
	failures    int
	last        time.Time // the last failure
	lockedUntil time.Time
	locks       int // without a success between them
	window      int // failures, or requests, since windowStart
	windowStart time.Time
}

// origin is a user and where he came from.
type origin struct {
	user   int64
	source string
}

const (
	day     = 24 * time.Hour
	month   = 30 * day
	maxLock = time.Hour
	forever = 7000 * 365 // days
)

func (m *model) counter(key string) *counter {
	if m.counters[key] == nil {
		m.counters[key] = &counter{}
	}
	return m.counters[key]
}

func (m *model) locked(c *counter) bool { return m.now.Before(c.lockedUntil) }

// count adds one to the window, or begins another.
func (m *model) count(c *counter, window time.Duration) int {
	if m.now.Sub(c.windowStart) >= window {
		c.window, c.windowStart = 0, m.now
	}
	c.window++
	return c.window
}

// sourceLocked reports whether a source has failed too often: 20 times in 5
// minutes stop it for a minute, then twice as long, up to an hour.
func (m *model) sourceLocked(source string) bool { return m.locked(m.counter("source|" + source)) }

func (m *model) failSource(source string) {
	c := m.counter("source|" + source)
	if m.now.Sub(c.last) >= day {
		c.locks = 0
	}
	c.last = m.now
	if m.count(c, 5*time.Minute) < 20 || m.locked(c) {
		return
	}
	c.lockedUntil = m.now.Add(min(time.Minute<<min(c.locks, 10), maxLock))
	c.locks++
	c.window = 0
}

func subject(u *user, address string) string {
	if u == nil {
		return "address " + strings.ToLower(address) + "|"
	}
	return fmt.Sprintf("user %d|", u.id)
}

// accountCounter is the counter of sign-ins to an account, or to an address that
// nobody has, from a source. One that the user has come from in the last 30 days
// has its own, so that strangers cannot lock him out there.
func (m *model) accountCounter(u *user, address, source string) *counter {
	if u != nil {
		if at, known := m.known[origin{u.id, source}]; known && !at.Before(m.now.Add(-month)) {
			return m.counter(subject(u, "") + source)
		}
	}
	return m.counter(subject(u, address) + "new")
}

// verify is a try of a password, and reports whether it lets its owner in. While
// the account is locked no password does, and none counts.
func (m *model) verify(u *user, address, password, source string) bool {
	c := m.accountCounter(u, address, source)
	locked := m.policy().enabled && m.locked(c)
	if m.policy().enabled && !locked {
		m.forgetFailures(c)
	}
	if u != nil && u.active && u.password == password && !locked {
		c.failures, c.locks = 0, 0
		m.known[origin{u.id, source}] = m.now
		return true
	}
	if m.policy().enabled && !locked {
		m.fail(c)
	}
	m.failSource(source)
	return false
}

func (m *model) forgetFailures(c *counter) {
	if m.policy().period > 0 && m.now.Sub(c.last) >= m.policy().period {
		c.failures = 0
	}
	if m.now.Sub(c.windowStart) >= day {
		c.window, c.windowStart = 0, m.now
	}
	if m.now.Sub(c.last) >= day {
		c.locks = 0
	}
}

// fail counts a failure. The one that reaches the threshold locks, each time
// twice as long, up to an hour or, if that is longer, to the length of a lock.
func (m *model) fail(c *counter) {
	const aDay = 100 // from so many in a day on each locks for an hour
	c.failures++
	c.window++
	c.last = m.now
	if c.failures < m.policy().threshold && c.window < aDay {
		return
	}
	c.failures = 0
	if m.policy().duration == 0 {
		c.lockedUntil = m.now.AddDate(0, 0, forever)
		return
	}
	length := m.policy().duration
	for range c.locks {
		length = min(2*length, max(maxLock, m.policy().duration))
	}
	if c.window >= aDay {
		length = max(length, maxLock)
	}
	c.lockedUntil = m.now.Add(length)
	c.locks++
}

// lockedOut reports whether the user is locked for who comes from a new source.
func (m *model) lockedOut(u *user) bool { return m.locked(m.counter(subject(u, "") + "new")) }

func (m *model) unlock(u *user) {
	maps.DeleteFunc(m.counters, func(key string, _ *counter) bool { return strings.HasPrefix(key, subject(u, "")) })
}

// sweepCounters forgets those without a failure for a day.
func (m *model) sweepCounters() {
	maps.DeleteFunc(m.counters, func(_ string, c *counter) bool {
		old := m.now.Add(-day)
		return !m.locked(c) && c.last.Before(old) && c.windowStart.Before(old)
	})
}
