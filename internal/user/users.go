// Package user creates, changes, lists and deletes users, and gives them roles.
//
// It imports recovery, outbox, auth, audit, account and the packages below them.
package user

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/recovery"
)

// Options are the dependencies of [New] besides the environment.
type Options struct {
	Recovery  *recovery.Recovery
	Outbox    *outbox.Outbox
	Auth      *auth.Auth
	Audit     *audit.Log
	Passwords *passhash.Pool
	// PasswordChanged is called with the user's id after a password was set.
	PasswordChanged func(userID int64)
}

// store is the storage that the operations on users read.
type store interface {
	account.UserReader
	account.PreferenceReader
}

// Users are the operations on users. Its methods are safe for concurrent use.
type Users struct {
	store           store
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

// User returns one user. It fails with CodeForbidden and CodeNotFound as [account.Allow]
// says.
func (s *Users) User(ctx context.Context, caller *account.Principal, id int64) (account.User, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return account.User{}, err
	}
	return account.FindUser(ctx, s.store, id, s.now())
}

// UserByEmail returns the user with an address. It fails with CodeForbidden when the
// caller may read no user, and with CodeNotFound for an unknown address. A user whom the
// caller may not read is reported as not found.
func (s *Users) UserByEmail(ctx context.Context, caller *account.Principal, address string) (account.User, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return account.User{}, err
	}
	key, ok := account.ParseEmail(address)
	if !ok {
		return account.User{}, account.NotFound()
	}
	c, err := s.store.CredentialByEmail(ctx, key)
	if errors.Is(err, account.ErrNotFound) {
		return account.User{}, account.NotFound()
	}
	if err != nil {
		return account.User{}, err
	}
	if account.Allow(caller, access.ActionRead, access.EntityUser, c.UserID) != nil {
		return account.User{}, account.NotFound()
	}
	return account.FindUser(ctx, s.store, c.UserID, s.now())
}
