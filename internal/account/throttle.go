package account

import (
	"encoding/hex"
	"strconv"
	"time"
)

// LockoutPolicy says when failed sign-ins lock an account.
type LockoutPolicy struct {
	Enabled   bool
	Threshold int           // failures that lock
	Period    time.Duration // without a failure until failures are forgotten; 0: never
	Duration  time.Duration // of the first lock; 0: until it is lifted
}

// DefaultLockoutPolicy is the policy of a new database.
var DefaultLockoutPolicy = LockoutPolicy{Enabled: true, Threshold: 3, Period: 300 * time.Second, Duration: 300 * time.Second}

// Numbers of the throttle; docs/security.md has the reasons.
const (
	reservationLife = 10 * time.Second // a reservation older than this is a crash
	slotWait        = 2 * time.Second  // how long a sign-in waits for parallel ones
	slotRetry       = 20 * time.Millisecond
	maxLock         = time.Hour // locks double up to this, or Duration if longer
	dayWindow       = 24 * time.Hour
	dayThreshold    = 100 // failures in a day from which each one locks for an hour

	sourceWindow    = 5 * time.Minute
	sourceThreshold = 20
	sourceLock      = time.Minute

	recoveryWindow    = time.Hour
	recoveryPerSource = 20

	knownSourceLife = 30 * 24 * time.Hour
	maxUnknown      = 1_000_000 // counters of addresses without an account
)

// forever stands for the end of a lock that ends by hand only.
var forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Throttle counts what failed under one key: a source, or an account seen from
// known or unknown sources. Its zero value has counted nothing.
type Throttle struct {
	Key            string
	Failures       int // since the last success, or since they were forgotten
	Pending        int // sign-ins that were let through and have no outcome yet
	PendingSince   time.Time
	WindowFailures int // since WindowStart
	WindowStart    time.Time
	Streak         int // locks without a success between them
	LastFailure    time.Time
	LockedUntil    time.Time
}

// reservation is what a sign-in gets from its throttle before the password is
// verified.
type reservation int

const (
	reserved reservation = iota
	locked               // verify all the same, and refuse
	full                 // every guess that is left is being verified just now
)

func (t *Throttle) locked(now time.Time) bool { return now.Before(t.LockedUntil) }

// reserve counts a try before its password is verified, so that however many
// run at once, on however many nodes, no more guesses are verified than the
// policy has left.
func (t *Throttle) reserve(now time.Time, p LockoutPolicy) reservation {
	if t.Pending > 0 && now.Sub(t.PendingSince) >= reservationLife {
		for t.Pending > 0 { // their process died: they may have been guesses
			t.fail(now, p)
		}
	}
	if t.locked(now) {
		return locked
	}
	if p.Period > 0 && now.Sub(t.LastFailure) >= p.Period {
		t.Failures = 0
	}
	t.forgetDay(now)
	if t.Failures+t.Pending >= p.Threshold {
		return full
	}
	t.Pending++
	t.PendingSince = now
	return reserved
}

// forgetDay forgets what is a day old: the window, and the streak of locks.
func (t *Throttle) forgetDay(now time.Time) {
	if now.Sub(t.WindowStart) >= dayWindow {
		t.WindowFailures, t.WindowStart = 0, now
	}
	if now.Sub(t.LastFailure) >= dayWindow {
		t.Streak = 0
	}
}

// release ends a reservation that says nothing of the password.
func (t *Throttle) release() { t.Pending = max(t.Pending-1, 0) }

// fail settles a reservation whose password was wrong.
func (t *Throttle) fail(now time.Time, p LockoutPolicy) {
	t.release()
	t.Failures++
	t.WindowFailures++
	t.LastFailure = now
	if t.Failures < p.Threshold && t.WindowFailures < dayThreshold {
		return
	}
	t.Failures = 0
	if p.Duration == 0 {
		t.LockedUntil = forever
		return
	}
	length := doubled(p.Duration, t.Streak, max(maxLock, p.Duration))
	if t.WindowFailures >= dayThreshold {
		length = max(length, maxLock)
	}
	t.LockedUntil = now.Add(length)
	t.Streak++
}

// succeed settles a reservation whose password was right.
func (t *Throttle) succeed() {
	t.release()
	t.Failures, t.Streak = 0, 0
}

// failSource counts a failure in the counter of a source.
func (t *Throttle) failSource(now time.Time) {
	if now.Sub(t.LastFailure) >= dayWindow {
		t.Streak = 0
	}
	t.LastFailure = now
	if t.count(now, sourceWindow) < sourceThreshold || t.locked(now) {
		return
	}
	t.LockedUntil = now.Add(doubled(sourceLock, t.Streak, maxLock))
	t.Streak++
	t.WindowFailures = 0
}

// count adds one to the window, or begins a new one, and returns the sum.
func (t *Throttle) count(now time.Time, window time.Duration) int {
	if now.Sub(t.WindowStart) >= window {
		t.WindowFailures, t.WindowStart = 0, now
	}
	t.WindowFailures++
	return t.WindowFailures
}

// doubled returns d doubled so many times, at most limit, without overflow.
func doubled(d time.Duration, times int, limit time.Duration) time.Duration {
	for ; times > 0 && d < limit; times-- {
		d *= 2
	}
	return min(d, limit)
}

// The keys of throttles. A subject is an account, or an address without one,
// kept as an HMAC since it may be a mistyped password.
func sourceKey(source string) string   { return "source|" + source }
func recoveryKey(source string) string { return "recovery|" + source }
func userSubject(id int64) string      { return "u:" + strconv.FormatInt(id, 10) + "|" }

func (s *Service) unknownSubject(address string) string {
	if key, ok := ParseEmail(address); ok {
		address = string(key)
	}
	return "x:" + hex.EncodeToString(s.keys.MAC("unknown-address", address)[:16]) + "|"
}

// newSources is the bucket of a subject that all its unknown sources share; the
// user is shown as locked by that of his.
const newSources = "new"

func bucket(subject, source string, known bool) string {
	if known {
		return subject + source
	}
	return subject + newSources
}
