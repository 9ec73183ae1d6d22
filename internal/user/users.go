// Package user creates, changes, lists and deletes users, and gives them roles.
//
// It imports recovery, outbox, auth, audit, account and the packages below them.
package user

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/recovery"
)

// Options are what [New] needs besides the environment.
type Options struct {
	Recovery  *recovery.Recovery
	Outbox    *outbox.Outbox
	Auth      *auth.Auth
	Audit     *audit.Log
	Passwords *passhash.Pool
	// PasswordChanged is called with the user's id after a password was set.
	PasswordChanged func(userID int64)
}

// Users are the operations on users. Its methods are safe for concurrent use.
type Users struct {
	store           account.Store
	now             func() time.Time
	recovery        *recovery.Recovery
	outbox          *outbox.Outbox
	auth            *auth.Auth
	audit           *audit.Log
	passwords       *passhash.Pool
	passwordChanged func(userID int64)
}

// New returns the operations on users.
func New(env account.Env, o Options) *Users {
	return &Users{
		store: env.Store, now: env.Now, recovery: o.Recovery, outbox: o.Outbox, auth: o.Auth, audit: o.Audit,
		passwords: o.Passwords, passwordChanged: o.PasswordChanged,
	}
}
