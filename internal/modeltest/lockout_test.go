package modeltest_test

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// policy is the lockout policy.
type policy struct {
	enabled   bool
	threshold int           // failures that lock an account
	period    time.Duration // after which failures expire; 0: never
	duration  time.Duration // of a lock; 0: until an administrator unlocks the account
}

// counter counts failed sign-ins of a network, or failed sign-ins to an account. An account has one counter for all
// unknown networks and one for each known network.
type counter struct {
	failures    int
	last        time.Time // the last failure
	lockedUntil time.Time
	locks       int // since the last success
	window      int // failures or requests since windowStart
	windowStart time.Time
}

// userNetwork is a user and a network from which the user signs in.
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

// count adds one to the window, or starts a new window after its end, and returns the count of the window.
func (m *model) count(c *counter, window time.Duration) int {
	if m.now.Sub(c.windowStart) >= window {
		c.window, c.windowStart = 0, m.now
	}
	c.window++
	return c.window
}

// networkLocked reports whether a network is locked.
func (m *model) networkLocked(network string) bool { return m.locked(m.counter("network|" + network)) }

// failNetwork counts a failure of a network. 20 failures in 5 minutes lock it for a minute, and each further lock is
// twice as long, up to an hour.
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

// accountCounter returns the counter of sign-ins from a network to an account, or to an unknown address. A network from
// which the user has signed in within 30 days has its own counter. So an attacker can't lock the user out there.
func (m *model) accountCounter(u *user, address, network string) *counter {
	if u != nil {
		if at, known := m.known[userNetwork{u.id, network}]; known && !at.Before(m.now.Add(-month)) {
			return m.counter(subject(u, "") + network)
		}
	}
	return m.counter(subject(u, address) + "new")
}

// verify counts an attempt to sign in and reports whether it succeeds. While the account is locked, each attempt fails
// and the account's counter doesn't change.
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

// expireFailures resets the parts of a counter whose time is over.
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

// fail counts a failure of an account. The threshold locks the account, each time for twice as long. The longest lock
// is an hour, or the duration of the policy if that is longer.
func (m *model) fail(c *counter) {
	const dailyLimit = 100 // from this failure of a day on, each failure locks for an hour
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

// lockedOut reports whether the user is locked for unknown networks.
func (m *model) lockedOut(u *user) bool { return m.locked(m.counter(subject(u, "") + "new")) }

func (m *model) unlock(u *user) {
	maps.DeleteFunc(m.counters, func(key string, _ *counter) bool { return strings.HasPrefix(key, subject(u, "")) })
}

// sweepCounters deletes unlocked counters without a failure for a day.
func (m *model) sweepCounters() {
	maps.DeleteFunc(m.counters, func(_ string, c *counter) bool {
		old := m.now.Add(-day)
		return !m.locked(c) && c.last.Before(old) && c.windowStart.Before(old)
	})
}
