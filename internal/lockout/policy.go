// Package lockout limits password guessing: it counts failed sign-ins and locks accounts and
// client networks.
//
// # Counters
//
// Each failed sign-in is counted twice.
//
//   - The counter of the account has the policy's lockout threshold. An account has one counter
//     for each client network from which it has signed in before, and one for all unknown
//     networks together. So an attacker elsewhere can't lock the owner out of the owner's usual
//     networks.
//   - The counter of the client network has a fixed window of 5 minutes. 20 failures in a window
//     lock the network, whichever accounts they were for. This limits password spraying: one
//     guess each at many accounts.
//
// An address without an account has a counter just like an account. So responses don't show
// which addresses have accounts.
//
// # Reservation before verification
//
// A sign-in first reserves one guess with [Counter.Reserve]. It then verifies the password, and
// then calls [Counter.Fail], [Counter.Succeed] or [Counter.Release]. Failures and open
// reservations together do not exceed the threshold. So parallel sign-ins, on any number of
// servers, verify no more guesses than the policy has left.
//
// A reservation that is open for 10 seconds belongs to a process that died. It counts as a
// failure at the time of its timeout.
//
// # Lockout
//
// The failure that reaches the threshold locks the counter for the policy's duration. Each
// further lock lasts twice as long as the one before, up to an hour (exponential backoff). A
// success resets the failures and the backoff. Without a success, the failures are reset after
// the policy's period without a failure, and the backoff after a day without a failure.
//
// From 100 failures in a day on, each failure locks for an hour. A success does not reset the
// count of the day.
//
// # Storage
//
// A [Counter] is a plain value without a lock of its own. The caller must hold a lock on its
// key, such as a row lock, from reading the counter until writing it back.
package lockout

import "time"

// Policy tells when failed sign-ins lock an account. Administrators can change it.
type Policy struct {
	Enabled   bool
	Threshold int           // number of failures that lock the account
	Period    time.Duration // the failures are reset after this time without a failure; 0: never
	Duration  time.Duration // duration of the first lock; 0: the lock has no end time
}

// Default is the policy of a new database.
var Default = Policy{Enabled: true, Threshold: 3, Period: 300 * time.Second, Duration: 300 * time.Second}

// CounterTTL is how long a counter is kept after its last change. A counter that is locked is
// kept for longer.
const CounterTTL = 24 * time.Hour

// Limits that hold for every policy. docs/security.md has the reasons.
const (
	reservationTimeout = 10 * time.Second // a reservation that is open for longer belongs to a process that died
	maxLockDuration    = time.Hour        // the longest lock, unless Policy.Duration is longer
	dayWindow          = 24 * time.Hour
	dailyThreshold     = 100 // from this failure in a day on, each failure locks for maxLockDuration

	networkWindow       = 5 * time.Minute
	networkThreshold    = 20
	networkLockDuration = time.Minute // duration of the first lock
)

// LockedIndefinitely is the LockedUntil of a lock without an end time. The lock ends when an
// administrator unlocks the account or the user recovers the password.
var LockedIndefinitely = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
