package modeltest_test

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// policy is the lockout policy: when failed sign-ins lock an account, and for how long.
type policy struct {
	enabled   bool
	threshold int           // failures that lock an account
	period    time.Duration // time without a failure after which the failures are forgotten; 0: never
	duration  time.Duration // duration of a lock; 0: until an administrator unlocks the account
}

// counter counts failed sign-ins from a network, or to an account, or the test messages of a user. An account has one
// counter for each known network, from which the user has signed in recently, and one for all other networks together.
type counter struct {
	failures    int
	last        time.Time // time of the last failure
	lockedUntil time.Time
	locks       int // number of locks since the last successful sign-in
	window      int // number of failures, or of test messages, since windowStart
	windowStart time.Time
}

// userNetwork is a user and a network from which the user has signed in.
type userNetwork struct {
	user    int64
	network string
}

const (
	day                = 24 * time.Hour
	month              = 30 * day
	maxLock            = time.Hour
	indefiniteLockDays = 7000 * 365
)

func (m *model) counter(key string) *counter {
	if m.counters[key] == nil {
		m.counters[key] = &counter{}
	}
	return m.counters[key]
}

func (m *model) locked(c *counter) bool { return m.now.Before(c.lockedUntil) }

// count adds one to the counter in the current window of time and returns the new number. If the current window is
// over, count first starts a new one.
func (m *model) count(c *counter, window time.Duration) int {
	if m.now.Sub(c.windowStart) >= window {
		c.window, c.windowStart = 0, m.now
	}
	c.window++
	return c.window
}

// networkLocked reports whether a network is locked.
func (m *model) networkLocked(network string) bool { return m.locked(m.counter("network|" + network)) }

// failNetwork counts a failed sign-in from a network. 20 failures in 5 minutes lock the network for a minute. Each
// further lock is twice as long, up to an hour.
func (m *model) failNetwork(network string) {
	c := m.counter("network|" + network)
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

// accountCounter returns the counter of failed sign-ins from a network to an account, or to an unknown address. A
// network from which the user has signed in within 30 days has its own counter. So an attacker in another network can't
// lock the user out of it.
func (m *model) accountCounter(u *user, address, network string) *counter {
	if u != nil {
		if at, known := m.known[userNetwork{u.id, network}]; known && !at.Before(m.now.Add(-month)) {
			return m.counter(subject(u, "") + network)
		}
	}
	return m.counter(subject(u, address) + "new")
}

// verify reports whether an attempt to sign in succeeds, and updates the counters. While the account is locked, every
// attempt fails and the account's counter doesn't change.
func (m *model) verify(u *user, address, password, network string) bool {
	c := m.accountCounter(u, address, network)
	locked := m.policy().enabled && m.locked(c)
	if m.policy().enabled && !locked {
		m.expireFailures(c)
	}
	if u != nil && u.active && u.password == password && !locked {
		c.failures, c.locks = 0, 0
		m.known[userNetwork{u.id, network}] = m.now
		return true
	}
	if m.policy().enabled && !locked {
		m.fail(c)
	}
	m.failNetwork(network)
	return false
}

// expireFailures resets the failures, the daily window and the number of locks of a counter. Each of the three expires
// after a different time.
func (m *model) expireFailures(c *counter) {
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

// fail counts a failed sign-in to an account and locks the account when the policy's threshold is reached. The first
// lock has the policy's duration, and each further lock is twice as long, up to an hour. If the policy's duration is
// longer than an hour, every lock has this duration.
func (m *model) fail(c *counter) {
	const dailyLimit = 100 // from this daily number on, each failure locks for at least an hour
	c.failures++
	c.window++
	c.last = m.now
	if c.failures < m.policy().threshold && c.window < dailyLimit {
		return
	}
	c.failures = 0
	if m.policy().duration == 0 {
		c.lockedUntil = m.now.AddDate(0, 0, indefiniteLockDays)
		return
	}
	length := m.policy().duration
	for range c.locks {
		length = min(2*length, max(maxLock, m.policy().duration))
	}
	if c.window >= dailyLimit {
		length = max(length, maxLock)
	}
	c.lockedUntil = m.now.Add(length)
	c.locks++
}

// lockedOut reports whether the user is locked in networks from which the user hasn't signed in recently.
func (m *model) lockedOut(u *user) bool { return m.locked(m.counter(subject(u, "") + "new")) }

func (m *model) unlock(u *user) {
	maps.DeleteFunc(m.counters, func(key string, _ *counter) bool { return strings.HasPrefix(key, subject(u, "")) })
}

// sweepCounters deletes counters that are not locked and have had no failure for a day.
func (m *model) sweepCounters() {
	maps.DeleteFunc(m.counters, func(_ string, c *counter) bool {
		old := m.now.Add(-day)
		return !m.locked(c) && c.last.Before(old) && c.windowStart.Before(old)
	})
}
