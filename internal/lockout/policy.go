// Package lockout limits password guessing: it counts failed sign-ins and locks
// accounts and client networks.
//
// # Counters
//
// Each failed sign-in counts in two counters.
//
//   - The account's counter has a lockout threshold. There is one for each client network
//     from which the account has signed in before, and one for all unknown networks
//     together. So an attacker elsewhere cannot lock the owner out of the networks that
//     they use.
//   - The client network's counter has a fixed window of 5 minutes. 20 failures in a
//     window lock the network, whichever accounts they were for. This limits password
//     spraying: one guess each at many accounts.
//
// An address without an account has a counter like an account's, so that answers do not
// reveal which addresses have accounts.
//
// # Reservation before verification
//
// A sign-in first reserves one guess with [Counter.Reserve], then verifies the password,
// and then calls [Counter.Fail], [Counter.Succeed] or [Counter.Release]. Failures and
// open reservations together do not exceed the threshold. So parallel sign-ins, on any
// number of servers, verify no more guesses than the policy has left.
//
// A reservation that is open for 10 seconds belongs to a process that died. It counts
// as a failure at the moment it timed out.
//
// # Lockout
//
// The failure that reaches the threshold locks the counter for the policy's duration.
// Each further lock lasts twice as long as the one before, up to an hour (exponential
// backoff). A success resets the failures and the backoff. The policy's period without a
// failure resets the failures, and a day without one resets the backoff.
//
// From 100 failures in a day on, each failure locks for an hour; a success does not reset
// this count.
//
// # Storage
//
// A [Counter] is a plain value without a lock of its own. The caller must hold a lock
// on its key, such as a row lock, from reading it until writing it back.
//
// Import rule: the package imports only the standard library.
package lockout

import "time"

// Policy says when failed sign-ins lock an account. Administrators can change it.
type Policy struct {
	Enabled   bool
	Threshold int           // failures that lock the account
	Period    time.Duration // time without a failure that resets the failures; 0 for never
	Duration  time.Duration // of the first lock; 0 for a lock without an end time
}

// Default is the policy of a new database.
var Default = Policy{Enabled: true, Threshold: 3, Period: 300 * time.Second, Duration: 300 * time.Second}

// CounterTTL is the time after its last change when a counter that is not locked can be
// deleted.
const CounterTTL = 24 * time.Hour

// Limits that no policy changes. docs/security.md has the reasons.
const (
	reservationTimeout = 10 * time.Second // an older reservation belongs to a process that died
	maxLockDuration    = time.Hour        // unless Policy.Duration is longer
	dayWindow          = 24 * time.Hour
	dailyThreshold     = 100 // from this failure in a day on, each one locks for maxLockDuration

	networkWindow       = 5 * time.Minute
	networkThreshold    = 20
	networkLockDuration = time.Minute // of the first lock
)

// LockedIndefinitely is the LockedUntil of a lock without an end time. Unlocking the account or
// recovering its password ends such a lock.
var LockedIndefinitely = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
