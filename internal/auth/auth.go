// Package auth authenticates callers: sign-in with its limits on guessing, sessions, tokens and
// API keys. It caches principals, and invalidates the cache on every node.
//
// It also holds [Auth.UpdateAs] and its variants, which run every change in a transaction. They
// lock the rows that the change depends on and read the caller's rights again.
package auth

import (
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
)

// Default values of [Options.PollTimeout] and [Options.TouchTimeout].
const (
	defaultPollTimeout  = 250 * time.Millisecond
	defaultTouchTimeout = 100 * time.Millisecond
)

// Options are the dependencies of [New] that are not in [account.Env].
type Options struct {
	Store     *InvalidatingStore // must wrap the environment's store
	Audit     *audit.Log
	Passwords *passhash.Pool
	// PasswordChanged is called with the user's id after a password was changed.
	PasswordChanged func(userID int64)
	// ExemptNetworks contain the client networks to which the limits of client networks don't apply.
	ExemptNetworks []netip.Prefix
	// PollTimeout limits one read of the changes that invalidate cache entries. TouchTimeout
	// limits one write of the time at which a credential was last used. 0 means the default.
	PollTimeout, TouchTimeout time.Duration
}

// store is the storage that authentication uses.
type store interface {
	account.Transactor
	account.AuthChangeReader
	CredentialReader
	principalReader
}

// Auth authenticates callers and runs the changes that they make. Its methods are safe for
// concurrent use.
type Auth struct {
	store           store
	invalidating    *InvalidatingStore // wraps store
	principals      *principalCache
	audit           *audit.Log
	passwords       *passhash.Pool
	keys            *keyring.Ring
	log             *slog.Logger
	now             func() time.Time
	random          io.Reader
	monotonic       func() time.Time
	passwordChanged func(userID int64)
	parallel        parallelAttempts
	exempt          []netip.Prefix
	changes         *RateLimit
	notifier        PasswordNotifier
	pollTimeout     time.Duration
	touchTimeout    time.Duration
}

// New returns an Auth that works in env.
func New(env account.Env, o Options) *Auth {
	if o.PollTimeout == 0 {
		o.PollTimeout = defaultPollTimeout
	}
	if o.TouchTimeout == 0 {
		o.TouchTimeout = defaultTouchTimeout
	}
	return &Auth{
		store: env.Store, invalidating: o.Store, principals: o.Store.principals, audit: o.Audit, passwords: o.Passwords,
		keys: env.Keys, log: env.Log, now: env.Now, random: env.Random, monotonic: env.Monotonic,
		passwordChanged: o.PasswordChanged, exempt: o.ExemptNetworks,
		pollTimeout: o.PollTimeout, touchTimeout: o.TouchTimeout,
		changes: NewRateLimit(changeInterval, changeBurst, tooManyChanges),
	}
}
