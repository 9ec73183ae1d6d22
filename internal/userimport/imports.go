// Package userimport creates users in bulk. Each request adds rows to an import, in
// transactions of limited size. The new users stay inactive until the import is finished.
// One invalid row undoes the whole import. Finishing and undoing run in batches and resume
// after a crash.
package userimport

import (
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/recovery"
	"github.com/seed-3a99a2fe/usher/internal/user"
)

// Options are the dependencies of [New], in addition to those in [account.Env].
type Options struct {
	Users     *user.Users
	Recovery  *recovery.Recovery
	Outbox    *outbox.Outbox
	Auth      *auth.Auth
	Audit     *audit.Log
	Passwords *passhash.Pool
}

// store is the storage that the operations on imports use.
type store interface {
	account.Transactor
	account.ImportReader
	account.UserReader
}

// Imports has the operations on imports. Its methods are safe for concurrent use.
type Imports struct {
	store     store
	now       func() time.Time
	monotonic func() time.Time
	users     *user.Users
	recovery  *recovery.Recovery
	outbox    *outbox.Outbox
	auth      *auth.Auth
	audit     *audit.Log
	passwords *passhash.Pool
}

// New returns the operations on imports.
func New(env account.Env, o Options) *Imports {
	return &Imports{
		store: env.Store, now: env.Now, monotonic: env.Monotonic,
		users: o.Users, recovery: o.Recovery, outbox: o.Outbox, auth: o.Auth, audit: o.Audit, passwords: o.Passwords,
	}
}
