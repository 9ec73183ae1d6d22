package auth

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxUpdateTries is how often an update runs when a row that it refers to is deleted
// concurrently.
const maxUpdateTries = 3

// NoUser is the id of no user.
const NoUser = 0

// Permit is a caller's permission for one change. Its check passed once and runs again
// in the transaction of the change, with the caller's rights at that moment. Updates take
// a permit instead of a caller, so that the second check cannot be forgotten.
type Permit struct {
	caller *account.Principal
	check  func(caller *account.Principal) error
}

// Allowed returns a permit for an action, or fails as [account.Allow] does.
func Allowed(caller *account.Principal, action access.Action, entity access.Entity, id int64) (Permit, error) {
	return Permitted(caller, func(caller *account.Principal) error { return account.Allow(caller, action, entity, id) })
}

// Permitted returns a permit for a check of the caller alone, or fails as the check does.
func Permitted(caller *account.Principal, check func(caller *account.Principal) error) (Permit, error) {
	return Permit{caller: caller, check: check}, check(caller)
}

// Update is the work of a change in its transaction. It may run more than once, so it
// assigns its results each time and has no effect outside the transaction. caller
// has the rights that were read in this transaction.
type Update func(ctx context.Context, tx *account.Tx, caller *account.Principal) error

// Lock takes further locks, in the order that docs/architecture.md gives.
type Lock func(ctx context.Context, tx *account.Tx) error

// NoExtraLocks is the [Lock] of an update that needs none but the users'.
func NoExtraLocks(context.Context, *account.Tx) error { return nil }

// UpdateAs runs an update in one transaction on behalf of the permit's caller.
//
// The transaction share-locks the caller, reads the caller's rights again and repeats the
// permit's check: a right that was revoked before counts no longer, and no other
// transaction can deactivate the caller or take a role from them until the commit. It fails with
// CodeUnauthorized when the credential has ended, and as the check and f do. f records
// what it did in the activity log. It runs again, up to maxUpdateTries times, when it
// refers to a row that is deleted concurrently.
//
// The permissions of the caller's roles are not locked and may change between their read
// and the commit, as if the update had run a moment earlier. Locking them would delay a
// role's change until every update by its holders had ended.
func (s *Auth) UpdateAs(ctx context.Context, permit Permit, f Update) error {
	return s.UpdateLocked(ctx, permit, NoUser, NoExtraLocks, f)
}

// UpdateUserAs is [Auth.UpdateAs] for an update of one user or of what belongs to them.
// It locks that user before f runs.
func (s *Auth) UpdateUserAs(ctx context.Context, permit Permit, id int64, f Update) error {
	return s.UpdateLocked(ctx, permit, id, NoExtraLocks, f)
}

// UpdateLocked is [Auth.UpdateUserAs] for an update that needs more locks. The caller's
// rights are read after the last lock is held: what was revoked during the wait counts
// no longer. id is [NoUser] when no user is updated.
func (s *Auth) UpdateLocked(ctx context.Context, permit Permit, id int64, lock Lock, f Update) error {
	for try := 1; ; try++ {
		err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			if err := lockForUpdate(ctx, tx, permit.caller.User.ID, id); err != nil {
				return err
			}
			if err := lock(ctx, tx); err != nil {
				return err
			}
			current, err := s.Reload(ctx, tx, permit.caller)
			if err != nil {
				return err
			}
			if err := permit.check(current); err != nil {
				return err
			}
			return f(ctx, tx, current)
		})
		if !errors.Is(err, account.ErrReferenced) || try == maxUpdateTries {
			return err
		}
	}
}

// lockForUpdate share-locks the caller and locks the updated user, in the order of their
// ids.
func lockForUpdate(ctx context.Context, tx *account.Tx, caller, updated int64) error {
	if caller == updated {
		return tx.LockUsers(ctx, caller)
	}
	if caller < updated {
		if err := tx.ShareLockUser(ctx, caller); err != nil {
			return err
		}
		return tx.LockUsers(ctx, updated)
	}
	if err := tx.LockUsers(ctx, updated); err != nil {
		return err
	}
	return tx.ShareLockUser(ctx, caller)
}

// LockByEmail locks the user with an address and returns their credential. It fails with
// [account.ErrNotFound] when there is none.
func LockByEmail(ctx context.Context, tx *account.Tx, key account.EmailKey) (account.Credential, error) {
	found, err := tx.CredentialByEmail(ctx, key)
	if err != nil {
		return account.Credential{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return account.Credential{}, err
	}
	c, err := tx.CredentialByEmail(ctx, key)
	if err == nil && c.UserID != found.UserID { // the address moved to another user during the wait
		return account.Credential{}, account.ErrNotFound
	}
	return c, err
}
