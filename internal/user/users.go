// Package user creates, changes, lists and deletes users, and gives them roles.
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

// Options are the dependencies of [New] that are not in [account.Env].
type Options struct {
	Recovery  *recovery.Recovery
	Outbox    *outbox.Outbox
	Auth      *auth.Auth
	Audit     *audit.Log
	Passwords *passhash.Pool
	// PasswordChanged is called with the user's id after an update has set the password.
	PasswordChanged func(userID int64)
	// DiskLow reports whether the disk of the database is almost full.
	DiskLow func() bool
}

// store is the part of the storage that operations on users read outside of transactions.
type store interface {
	account.UserReader
	account.PreferenceReader
}

// Users has the operations on users. Its methods are safe for concurrent use.
type Users struct {
	store           store
	now             func() time.Time
	recovery        *recovery.Recovery
	outbox          *outbox.Outbox
	auth            *auth.Auth
	audit           *audit.Log
	passwords       *passhash.Pool
	passwordChanged func(userID int64)
	diskLow         func() bool
}

// New returns the operations on users.
func New(env account.Env, o Options) *Users {
	return &Users{
		store: env.Store, now: env.Now, recovery: o.Recovery, outbox: o.Outbox, auth: o.Auth, audit: o.Audit,
		passwords: o.Passwords, passwordChanged: o.PasswordChanged, diskLow: o.DiskLow,
	}
}

// requireDiskSpace fails with CodeUnavailable while the disk of the database is almost full.
// Changes of one's own data call it: what is left is for sign-ins and for administrators.
func (s *Users) requireDiskSpace() error {
	if s.diskLow() {
		return &account.Error{
			Code: account.CodeUnavailable, RetryAfter: time.Minute,
			Message: "The disk of the server is almost full. Your own data cannot be changed now; try again later.",
		}
	}
	return nil
}

// User returns the user with this id. It fails as [account.Allow] does, and with CodeNotFound.
func (s *Users) User(ctx context.Context, caller *account.Principal, id int64) (account.User, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return account.User{}, err
	}
	return account.FindUser(ctx, s.store, id, s.now())
}

// UserByEmail returns the user with this address. It fails with CodeForbidden when the caller
// may not read any users. It fails with CodeNotFound when no user has the address, or the caller
// may not read that user.
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
