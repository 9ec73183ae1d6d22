package lockout

import "time"

// Counter counts the failed attempts of one key. The zero value has counted none.
// Reserve, Release, Fail and Succeed are for an account's counter; FailNetwork is for a
// client network's; Count is for a plain rate limit.
type Counter struct {
	Key            string
	Failures       int       // since the last success, lock or reset by Policy.Period
	Pending        int       // open reservations
	PendingSince   time.Time // of the latest reservation
	WindowFailures int       // failures since WindowStart
	WindowStart    time.Time
	Streak         int // consecutive locks without a success, the exponent of the backoff
	LastFailure    time.Time
	LockedUntil    time.Time
}

// Outcome is the result of [Counter.Reserve].
type Outcome int

const (
	// Reserved allows one verification of the password. The caller must end the
	// reservation with Fail, Succeed or Release.
	Reserved Outcome = iota
	// Locked refuses the sign-in. The caller verifies the password all the same, so that
	// the response time does not reveal the lock, and ignores the result.
	Locked
	// Exhausted means that open reservations take all guesses that the policy has left.
	// The caller waits until one of them ends, and tries again.
	Exhausted
)

// IsLocked reports whether the counter is locked at the time now.
func (c *Counter) IsLocked(now time.Time) bool { return now.Before(c.LockedUntil) }

// Reserve takes one of the guesses that the policy has left. The caller does this before
// it verifies the password.
func (c *Counter) Reserve(now time.Time, p Policy) Outcome {
	if timedOut := c.PendingSince.Add(reservationTimeout); c.Pending > 0 && !now.Before(timedOut) {
		for c.Pending > 0 {
			// Fail as of the timeout, not now: a sign-in a day later must not be locked for it.
			c.Fail(timedOut, p)
		}
	}
	if c.IsLocked(now) {
		return Locked
	}
	c.expire(now, p)
	// The first reservation is always granted. If an administrator lowers the threshold
	// below the failures so far, the account still gets one attempt, which succeeds or
	// locks it.
	if c.Pending > 0 && c.Failures+c.Pending >= p.Threshold {
		return Exhausted
	}
	c.Pending++
	c.PendingSince = now
	return Reserved
}

// expire resets the failures after the policy's period, and the daily window and the
// backoff after a day.
func (c *Counter) expire(now time.Time, p Policy) {
	if p.Period > 0 && now.Sub(c.LastFailure) >= p.Period {
		c.Failures = 0
	}
	if now.Sub(c.WindowStart) >= dayWindow {
		c.WindowFailures, c.WindowStart = 0, now
	}
	if now.Sub(c.LastFailure) >= dayWindow {
		c.Streak = 0
	}
}

// Release ends a reservation without a result, for example because the client left.
func (c *Counter) Release() { c.Pending = max(c.Pending-1, 0) }

// Fail ends a reservation whose password was wrong, and locks the counter if the
// failure reaches a threshold.
func (c *Counter) Fail(now time.Time, p Policy) {
	c.Release()
	c.Failures++
	c.WindowFailures++
	c.LastFailure = now
	if c.Failures < p.Threshold && c.WindowFailures < dailyThreshold {
		return
	}
	c.Failures = 0
	if p.Duration == 0 {
		c.LockedUntil = LockedIndefinitely
		return
	}
	length := backoff(p.Duration, c.Streak, max(maxLockDuration, p.Duration))
	if c.WindowFailures >= dailyThreshold {
		length = max(length, maxLockDuration)
	}
	c.LockedUntil = now.Add(length)
	c.Streak++
}

// Succeed ends a reservation whose password was right. It resets the failures and the
// backoff, but not the daily count.
func (c *Counter) Succeed() {
	c.Release()
	c.Failures, c.Streak = 0, 0
}

// FailNetwork counts a failed sign-in from a client network, and locks its counter if
// the failure reaches the network's threshold.
func (c *Counter) FailNetwork(now time.Time) {
	if now.Sub(c.LastFailure) >= dayWindow {
		c.Streak = 0
	}
	c.LastFailure = now
	if c.Count(now, networkWindow) < networkThreshold || c.IsLocked(now) {
		return
	}
	c.LockedUntil = now.Add(backoff(networkLockDuration, c.Streak, maxLockDuration))
	c.Streak++
	c.WindowFailures = 0
}

// Count adds one event to the current window and returns the number of events in it. It
// starts a new window if the current one has ended.
func (c *Counter) Count(now time.Time, window time.Duration) int {
	if now.Sub(c.WindowStart) >= window {
		c.WindowFailures, c.WindowStart = 0, now
	}
	c.WindowFailures++
	return c.WindowFailures
}

// backoff returns base doubled n times, at most limit. It does not overflow.
func backoff(base time.Duration, n int, limit time.Duration) time.Duration {
	for ; n > 0 && base < limit; n-- {
		base *= 2
	}
	return min(base, limit)
}
