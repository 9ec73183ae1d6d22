package account

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// changeTries is how often a change is begun that names what is deleted meanwhile.
const maxUpdateTries = 3

// nobody is the id of no user.
const noUser = 0

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
func (s *Service) updateAs(ctx context.Context, caller *Principal, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	return s.updateLocked(ctx, caller, noUser, noExtraLocks, f)
}

// changeUser is change for what changes a user, or what is a user's own: f reads
// what nobody else changes meanwhile.
func (s *Service) updateUserAs(ctx context.Context, caller *Principal, id int64, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	return s.updateLocked(ctx, caller, id, noExtraLocks, f)
}

// noMore is the lock of a change that needs no more than the users.
func noExtraLocks(context.Context, Tx) error { return nil }

// changeLocked is changeUser for what needs more locks, which lock takes, in the
// order that docs/architecture.md has. The caller's rights are read behind the last
// of them: what is taken away while they are waited for no longer counts. Who may
// not make the change at all is turned away before, so that he locks nothing.
func (s *Service) updateLocked(ctx context.Context, caller *Principal, id int64, lock func(ctx context.Context, tx Tx) error,
	f func(ctx context.Context, tx Tx, caller *Principal) error,
) error {
	for try := 1; ; try++ {
		err := s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
			if err := lockForChange(ctx, tx, caller.User.ID, id); err != nil {
				return err
			}
			if err := lock(ctx, tx); err != nil {
				return err
			}
			now, err := s.reload(ctx, tx, caller)
			if err != nil {
				return err
			}
			return f(ctx, tx, now)
		})
		if !errors.Is(err, ErrReferenced) || try == maxUpdateTries {
			return err
		}
	}
}

// lockForChange holds the caller and locks the user whom he changes, by id.
func lockForChange(ctx context.Context, tx Tx, caller, changed int64) error {
	switch {
	case caller == changed:
		return tx.LockUsers(ctx, caller)
	case caller < changed:
		return cmp.Or(tx.ShareLockUser(ctx, caller), tx.LockUsers(ctx, changed))
	default:
		return cmp.Or(tx.LockUsers(ctx, changed), tx.ShareLockUser(ctx, caller))
	}
}

// changeSettings is change for a group of settings, which f reads and stores. The
// roles that it comes to name are held.
func (s *Service) updateSettingsAs(ctx context.Context, caller *Principal, group string, named []int64, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	lock := func(ctx context.Context, tx Tx) error {
		return cmp.Or(tx.LockSettings(ctx, group), tx.ShareLockRoles(ctx, named...))
	}
	return s.updateLocked(ctx, caller, noUser, lock, f)
}

// changeRole is change for a role, which f is given. The caller may do the action
// with it, covers it, and it is not built in.
func (s *Service) updateRoleAs(ctx context.Context, caller *Principal, action access.Action, id int64,
	f func(ctx context.Context, tx Tx, caller *Principal, was access.Role) error,
) error {
	if err := Allow(caller, action, access.EntityRole, id); err != nil {
		return err
	}
	lock := func(ctx context.Context, tx Tx) error { return tx.LockRoles(ctx, id) }
	return s.updateLocked(ctx, caller, noUser, lock, func(ctx context.Context, tx Tx, caller *Principal) error {
		was, err := mayChangeRole(ctx, tx, caller, action, id)
		if err != nil {
			return err
		}
		return f(ctx, tx, caller, was)
	})
}

// changeAccess is changeUser for what may take away an administrator: it fails with
// CodeLastAdministrator when nobody is left to administer. f is given the user. His
// roles, and those that he is to get, are held if there are any of the latter.
func (s *Service) updateAccessAs(ctx context.Context, caller *Principal, id int64, given []int64,
	f func(ctx context.Context, tx Tx, caller *Principal, was User) error,
) error {
	var was User
	lock := func(ctx context.Context, tx Tx) (err error) {
		if was, err = findUser(ctx, tx, id, s.now()); err != nil {
			return err
		}
		if was.holdsRole(access.AdministratorRole) {
			err = tx.LockAdministrators(ctx)
		}
		if err != nil || len(given) == 0 {
			return err
		}
		return tx.ShareLockRoles(ctx, slices.Concat(given, was.RoleIDs)...)
	}
	return s.updateLocked(ctx, caller, id, lock, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := f(ctx, tx, caller, was); err != nil || !was.holdsRole(access.AdministratorRole) {
			return err
		}
		left, err := tx.CountAdministrators(ctx)
		if err == nil && left == 0 {
			return &Error{Code: CodeLastAdministrator, Message: "This is the last administrator. Make another one first."}
		}
		return err
	})
}

// lockByEmail locks the user with an address and returns the credential. It fails
// with ErrNotFound where there is none.
func lockByEmail(ctx context.Context, tx Tx, key EmailKey) (Credential, error) {
	found, err := tx.CredentialByEmail(ctx, key)
	if err != nil {
		return Credential{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return Credential{}, err
	}
	c, err := tx.CredentialByEmail(ctx, key)
	if err == nil && c.UserID != found.UserID { // the address has gone to somebody else
		return Credential{}, ErrNotFound
	}
	return c, err
}
