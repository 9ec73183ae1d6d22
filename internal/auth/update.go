package auth

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxUpdateTries is how often an update runs when a concurrent transaction deletes a row that
// the update refers to.
const maxUpdateTries = 3

// NoUser stands for no user where a function takes a user's id.
const NoUser = 0

// Permit is proof that a caller may make one change. The check has passed once, and runs again
// in the transaction of the change with the caller's rights at that time. Updates take a permit
// instead of a caller, so that no operation can skip the second check.
type Permit struct {
	caller *account.Principal
	check  func(caller *account.Principal) error
}

// Allowed returns a permit for an action on the entity with this id. It fails as [account.Allow]
// does.
func Allowed(caller *account.Principal, action access.Action, entity access.Entity, id int64) (Permit, error) {
	return Permitted(caller, func(caller *account.Principal) error { return account.Allow(caller, action, entity, id) })
}

// Permitted returns a permit with a custom check of the caller. It fails as check does.
func Permitted(caller *account.Principal, check func(caller *account.Principal) error) (Permit, error) {
	return Permit{caller: caller, check: check}, check(caller)
}

// Update makes a change in a transaction. It may run more than once, so it must assign its
// results each time and have no effect outside the transaction. caller has the rights that were
// read in this transaction.
type Update func(ctx context.Context, tx *account.Tx, caller *account.Principal) error

// Lock takes additional locks, in the order that docs/architecture.md specifies.
type Lock func(ctx context.Context, tx *account.Tx) error

// NoExtraLocks is the [Lock] of an update that locks users only.
func NoExtraLocks(context.Context, *account.Tx) error { return nil }

// UpdateAs runs an update in one transaction on behalf of the permit's caller.
//
// The transaction takes a shared lock on the caller, reads the caller's rights again and repeats
// the permit's check. A right that was revoked before is therefore missing. Until the commit no
// other transaction can deactivate the caller or take a role from them.
//
// f records its changes in the activity log. It runs up to maxUpdateTries times when a
// concurrent transaction deletes a row that f refers to. UpdateAs fails with CodeUnauthorized
// when the credential has ended, and with CodeTooManyRequests when the caller has made too many
// changes; an update that records nothing is not counted. It also fails as the check and f do.
//
// The permissions of the caller's roles are not locked. They may change between their read and
// the commit; the result is the same as if the update had run a moment earlier. A lock would
// delay a change of a role until every update by its holders had ended.
func (s *Auth) UpdateAs(ctx context.Context, permit Permit, f Update) error {
	return s.UpdateLocked(ctx, permit, NoUser, NoExtraLocks, f)
}

// UpdateUserAs is [Auth.UpdateAs] for an update of one user or that user's data. It locks the
// user before f runs.
func (s *Auth) UpdateUserAs(ctx context.Context, permit Permit, id int64, f Update) error {
	return s.UpdateLocked(ctx, permit, id, NoExtraLocks, f)
}

// UpdateLocked is [Auth.UpdateUserAs] for an update that needs more locks, which lock takes. It
// reads the caller's rights after it holds the last lock, so that a right revoked during the
// wait no longer counts. id is [NoUser] when the change updates no user.
func (s *Auth) UpdateLocked(ctx context.Context, permit Permit, id int64, lock Lock, f Update) error {
	if err := s.checkChanges(permit.caller); err != nil {
		return err
	}
	for try := 1; ; try++ {
		recorded := false
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
			recorded = false
			observed := *tx
			observed.ActivityWriter = recordingWriter{ActivityWriter: tx.ActivityWriter, recorded: &recorded}
			return f(ctx, &observed, current)
		})
		if err == nil && recorded {
			s.countChange(permit.caller)
		}
		if !errors.Is(err, account.ErrReferenced) || try == maxUpdateTries {
			return err
		}
	}
}

// lockForUpdate takes a shared lock on the caller and an exclusive lock on the updated user. It
// locks the lower id first, so that transactions can't deadlock.
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

// LockByEmail locks the user with this address and returns their credential. It fails with
// [account.ErrNotFound] when no user has the address.
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
