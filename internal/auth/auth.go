// Package auth decides who a request comes from: sign-in with its limits on guessing,
// sessions, authentication of tokens and API keys, and the cache of principals with its
// invalidation on every node.
//
// It also holds [Auth.UpdateAs] and its variants, the transactions in which every
// change runs: they lock the rows that the change depends on and read the caller's rights again.
//
// It imports audit, account and the packages below them.
package auth

import (
	"io"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
)

// Default timeouts. A test on a busy machine sets longer ones.
const (
	defaultPollTimeout  = 250 * time.Millisecond
	defaultTouchTimeout = 100 * time.Millisecond
)

// Options are the dependencies of [New] besides the environment.
type Options struct {
	Store     *InvalidatingStore // its ports are the environment's store
	Audit     *audit.Log
	Passwords *passhash.Pool
	// PasswordChanged is called with the user's id after a password was changed.
	PasswordChanged func(userID int64)
	// PollTimeout limits one read of invalidations, TouchTimeout one write of a
	// credential's last use. 0 means the default.
	PollTimeout, TouchTimeout time.Duration
}

// store is the storage that authentication uses.
type store interface {
	account.Transactor
	account.AuthChangeReader
	CredentialReader
	principalReader
}

// Auth authenticates callers and runs their changes. Its methods are safe for
// concurrent use.
type Auth struct {
	store           store
	invalidating    *InvalidatingStore // whose ports are store
	principals      *principalCache
	audit           *audit.Log
	passwords       *passhash.Pool
	keys            *keyring.Ring
	log             *slog.Logger
	now             func() time.Time
	random          io.Reader
	monotonic       func() time.Time
	passwordChanged func(userID int64)
	waiting         waiterLimit
	pollTimeout     time.Duration
	touchTimeout    time.Duration
}

// New returns the authentication of one customer.
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
		passwordChanged: o.PasswordChanged, pollTimeout: o.PollTimeout, touchTimeout: o.TouchTimeout,
	}
}
