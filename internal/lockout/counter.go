package lockout

import "time"

// Counter counts the failed attempts for one key. The zero value is an empty counter. Reserve,
// Release, Fail and Succeed are for the counter of an account. FailNetwork is for the counter of
// a client network. Count is for a plain rate limit.
type Counter struct {
	Key            string
	Failures       int       // since the last success or lock, or since Policy.Period reset them
	Pending        int       // number of open reservations
	PendingSince   time.Time // time of the latest reservation
	WindowFailures int       // failures since WindowStart
	WindowStart    time.Time
	Streak         int // consecutive locks without a success; the exponent of the backoff
	LastFailure    time.Time
	LockedUntil    time.Time
}

// Outcome is the result of [Counter.Reserve].
type Outcome int

const (
	// Reserved means that the caller may verify the password once. The caller must then end the
	// reservation with Fail, Succeed or Release.
	Reserved Outcome = iota
	// Locked means that the sign-in fails. The caller still verifies the password but ignores
	// the result, so that the response time does not show that the account is locked.
	Locked
	// Exhausted means that open reservations hold all guesses that the policy has left. The
	// caller waits until one of these reservations ends, and then tries again.
	Exhausted
)

// IsLocked reports whether the counter is locked at the time now.
func (c *Counter) IsLocked(now time.Time) bool { return now.Before(c.LockedUntil) }

// Reserve takes one of the guesses that the policy has left. Call it before the password is
// verified.
func (c *Counter) Reserve(now time.Time, p Policy) Outcome {
	if timedOut := c.PendingSince.Add(reservationTimeout); c.Pending > 0 && !now.Before(timedOut) {
		for c.Pending > 0 {
			// Count the failure at the time of the timeout. If the failure counted now, it could
			// lock out somebody who signs in a day later.
			c.Fail(timedOut, p)
		}
	}
	if c.IsLocked(now) {
		return Locked
	}
	c.expire(now, p)
	// The first reservation is always granted. The threshold may be at or below the number of
	// failures so far, if an administrator has lowered it. The account then gets one attempt, which
	// succeeds or locks the account.
	if c.Pending > 0 && c.Failures+c.Pending >= p.Threshold {
		return Exhausted
	}
	c.Pending++
	c.PendingSince = now
	return Reserved
}

// expire resets Failures when the policy's period has passed since the last failure. It starts a
// new daily window after a day, and resets the backoff after a day without a failure.
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

// Release ends a reservation without a success or a failure, for example because the client
// disconnected.
func (c *Counter) Release() { c.Pending = max(c.Pending-1, 0) }

// Fail ends a reservation whose password was wrong. It locks the counter if this failure reaches
// the policy's threshold or the daily threshold.
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

// Succeed ends a reservation whose password was correct. It resets the failures and the backoff,
// but not the failures of the daily window.
func (c *Counter) Succeed() {
	c.Release()
	c.Failures, c.Streak = 0, 0
}

// FailNetwork counts a failed sign-in from a client network. It locks the counter if this
// failure reaches the network's threshold.
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

// Count adds one event to the current window and returns the number of events in that window. If
// the window has ended, it starts a new one first.
func (c *Counter) Count(now time.Time, window time.Duration) int {
	if now.Sub(c.WindowStart) >= window {
		c.WindowFailures, c.WindowStart = 0, now
	}
	c.WindowFailures++
	return c.WindowFailures
}

// backoff returns base doubled n times, but at most limit. It does not overflow.
func backoff(base time.Duration, n int, limit time.Duration) time.Duration {
	for ; n > 0 && base < limit; n-- {
		base *= 2
	}
	return min(base, limit)
}
