// Package throttle counts failed sign-ins and decides when they lock: per source
// and per account, with a lockout policy. A counter is a plain value; who stores
// it holds it against others between reading and writing it.
//
// The package imports the standard library alone.
package throttle

import (
	"encoding/hex"
	"strconv"
	"time"
)

// Policy says when failed sign-ins lock an account.
type Policy struct {
	Enabled   bool
	Threshold int           // failures that lock
	Period    time.Duration // without a failure until failures are forgotten; 0: never
	Duration  time.Duration // of the first lock; 0: until it is lifted
}

// Default is the policy of a new database.
var Default = Policy{Enabled: true, Threshold: 3, Period: 300 * time.Second, Duration: 300 * time.Second}

// Idle is how long a counter matters after its last change, unless it is locked.
const CounterTTL = 24 * time.Hour

// Numbers of the throttle; docs/security.md has the reasons.
const (
	reservationLife = 10 * time.Second // a reservation older than this is a crash
	maxLock         = time.Hour        // locks double up to this, or Duration if longer
	dayWindow       = 24 * time.Hour
	dayThreshold    = 100 // failures in a day from which each one locks for an hour

	sourceWindow    = 5 * time.Minute
	sourceThreshold = 20
	sourceLock      = time.Minute
)

// Forever stands for the end of a lock that ends by hand only.
var LockedIndefinitely = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// Counter counts what failed under one key: a source, or an account seen from
// known or unknown sources. Its zero value has counted nothing.
type Counter struct {
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

// Outcome is what a sign-in gets from its counter before the password is
// verified.
type Outcome int

const (
	Reserved Outcome = iota
	Locked           // verify all the same, and refuse
	Full             // every guess that is left is being verified just now
)

// IsLocked reports whether the key is locked at a time.
func (t *Counter) IsLocked(now time.Time) bool { return now.Before(t.LockedUntil) }

// Reserve counts a try before its password is verified, so that however many
// run at once, on however many nodes, no more guesses are verified than the
// policy has left.
func (t *Counter) Reserve(now time.Time, p Policy) Outcome {
	if crashed := t.PendingSince.Add(reservationLife); t.Pending > 0 && !now.Before(crashed) {
		for t.Pending > 0 { // their process died: they may have been guesses
			t.Fail(crashed, p) // then, not now: who comes a day later is not locked for it
		}
	}
	if t.IsLocked(now) {
		return Locked
	}
	t.forget(now, p)
	// With none pending one is let through: the policy may have become stricter
	// than the failures so far, and only a try can lock, or show the owner.
	if t.Pending > 0 && t.Failures+t.Pending >= p.Threshold {
		return Full
	}
	t.Pending++
	t.PendingSince = now
	return Reserved
}

// forget forgets what is old: failures by the policy, and what is a day old, the
// window and the streak of locks.
func (t *Counter) forget(now time.Time, p Policy) {
	if p.Period > 0 && now.Sub(t.LastFailure) >= p.Period {
		t.Failures = 0
	}
	if now.Sub(t.WindowStart) >= dayWindow {
		t.WindowFailures, t.WindowStart = 0, now
	}
	if now.Sub(t.LastFailure) >= dayWindow {
		t.Streak = 0
	}
}

// Release ends a reservation that says nothing of the password.
func (t *Counter) Release() { t.Pending = max(t.Pending-1, 0) }

// Fail settles a reservation whose password was wrong.
func (t *Counter) Fail(now time.Time, p Policy) {
	t.Release()
	t.Failures++
	t.WindowFailures++
	t.LastFailure = now
	if t.Failures < p.Threshold && t.WindowFailures < dayThreshold {
		return
	}
	t.Failures = 0
	if p.Duration == 0 {
		t.LockedUntil = LockedIndefinitely
		return
	}
	length := doubled(p.Duration, t.Streak, max(maxLock, p.Duration))
	if t.WindowFailures >= dayThreshold {
		length = max(length, maxLock)
	}
	t.LockedUntil = now.Add(length)
	t.Streak++
}

// Succeed settles a reservation whose password was right.
func (t *Counter) Succeed() {
	t.Release()
	t.Failures, t.Streak = 0, 0
}

// FailSource counts a failure in the counter of a source.
func (t *Counter) FailNetwork(now time.Time) {
	if now.Sub(t.LastFailure) >= dayWindow {
		t.Streak = 0
	}
	t.LastFailure = now
	if t.Count(now, sourceWindow) < sourceThreshold || t.IsLocked(now) {
		return
	}
	t.LockedUntil = now.Add(doubled(sourceLock, t.Streak, maxLock))
	t.Streak++
	t.WindowFailures = 0
}

// Count adds one to the window, or begins a new one, and returns the sum.
func (t *Counter) Count(now time.Time, window time.Duration) int {
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

// The keys of counters. That of a sign-in is a subject, an account or an address
// without one, and the source or what stands for all unknown ones.

// SourceKey is the key of a source's failed sign-ins, RecoveryKey that of its
// requests for recovery.
func NetworkKey(source string) string { return "source|" + source }

// RecoveryKey: see SourceKey.
func RecoveryKey(source string) string { return "recovery|" + source }

// TestMessageKey is the key of a user's test messages.
func TestMessageKey(userID int64) string { return "test-message|" + strconv.FormatInt(userID, 10) }

// UserSubject is the subject of an account.
func UserSubject(id int64) string { return "u:" + strconv.FormatInt(id, 10) + "|" }

// UnknownSubject is the subject of an address that no account has, from its HMAC:
// it may be a mistyped password.
func UnknownSubject(mac []byte) string { return "x:" + hex.EncodeToString(mac[:16]) + "|" }

// newSources stands for all unknown sources of a subject. A user is shown as
// locked by that counter.
const unknownNetworks = "new"

// Key returns the key of a subject's sign-ins from a source, which it knows or not.
func Key(subject, source string, known bool) string {
	if known {
		return subject + source
	}
	return subject + unknownNetworks
}
