package auth

import (
	"cmp"
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// changeTries is how often a change is begun that names what is deleted meanwhile.
const maxUpdateTries = 3

// nobody is the id of no user.
const NoUser = 0

// change runs f in one transaction on behalf of the caller, whose rights are
// read anew in it: a right taken away a moment ago no longer counts, and nobody
// deactivates the caller or takes a role from him until the change is made. f tells
// the activity log what it did with [Service.record]. It runs again when what it
// read names something that was deleted a moment later.
//
// What his roles permit can change between that reading and the commit, a moment
// later: the change then counts as made before, and nothing that it has locked is
// from after. The roles are not held against it, or every change by one of many
// users with a role would have to be over before the role could be changed.
func (s *Auth) UpdateAs(ctx context.Context, caller *account.Principal, f func(ctx context.Context, tx account.Tx, caller *account.Principal) error) error {
	return s.UpdateLocked(ctx, caller, NoUser, noExtraLocks, f)
}

// changeUser is change for what changes a user, or what is a user's own: f reads
// what nobody else changes meanwhile.
func (s *Auth) UpdateUserAs(ctx context.Context, caller *account.Principal, id int64, f func(ctx context.Context, tx account.Tx, caller *account.Principal) error) error {
	return s.UpdateLocked(ctx, caller, id, noExtraLocks, f)
}

// noMore is the lock of a change that needs no more than the users.
func noExtraLocks(context.Context, account.Tx) error { return nil }

// changeLocked is changeUser for what needs more locks, which lock takes, in the
// order that docs/architecture.md has. The caller's rights are read behind the last
// of them: what is taken away while they are waited for no longer counts. Who may
// not make the change at all is turned away before, so that he locks nothing.
func (s *Auth) UpdateLocked(ctx context.Context, caller *account.Principal, id int64, lock func(ctx context.Context, tx account.Tx) error,
	f func(ctx context.Context, tx account.Tx, caller *account.Principal) error,
) error {
	for try := 1; ; try++ {
		err := s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			if err := lockForChange(ctx, tx, caller.User.ID, id); err != nil {
				return err
			}
			if err := lock(ctx, tx); err != nil {
				return err
			}
			now, err := s.Reload(ctx, tx, caller)
			if err != nil {
				return err
			}
			return f(ctx, tx, now)
		})
		if !errors.Is(err, account.ErrReferenced) || try == maxUpdateTries {
			return err
		}
	}
}

// lockForChange holds the caller and locks the user whom he changes, by id.
func lockForChange(ctx context.Context, tx account.Tx, caller, changed int64) error {
	switch {
	case caller == changed:
		return tx.LockUsers(ctx, caller)
	case caller < changed:
		return cmp.Or(tx.ShareLockUser(ctx, caller), tx.LockUsers(ctx, changed))
	default:
		return cmp.Or(tx.LockUsers(ctx, changed), tx.ShareLockUser(ctx, caller))
	}
}

// lockByEmail locks the user with an address and returns the credential. It fails
// with ErrNotFound where there is none.
func LockByEmail(ctx context.Context, tx account.Tx, key account.EmailKey) (account.Credential, error) {
	found, err := tx.CredentialByEmail(ctx, key)
	if err != nil {
		return account.Credential{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return account.Credential{}, err
	}
	c, err := tx.CredentialByEmail(ctx, key)
	if err == nil && c.UserID != found.UserID { // the address has gone to somebody else
		return account.Credential{}, account.ErrNotFound
	}
	return c, err
}

// mayEnd decides whether the caller may end the keys or the sessions of a user,
// whom it returns. Those of somebody else he has to cover.
func (s *Auth) AllowEnd(ctx context.Context, tx account.Tx, caller *account.Principal, what access.Entity, userID int64) (account.User, error) {
	if err := account.Allow(caller, access.ActionDelete, what, userID); err != nil {
		return account.User{}, err
	}
	owner, err := account.FindUser(ctx, tx, userID, s.now())
	if err != nil || userID == caller.User.ID {
		return owner, err
	}
	return owner, account.RequireCoversUser(ctx, tx, caller, userID)
}
