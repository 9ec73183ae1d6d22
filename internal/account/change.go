package account

import (
	"cmp"
	"context"
	"errors"
)

// changeTries is how often a change is begun that names what is deleted meanwhile.
const changeTries = 3

// nobody is the id of no user.
const nobody = 0

// change runs f in one transaction on behalf of the caller, whose rights are
// read anew in it: a right taken away a moment ago no longer counts, and nobody
// deactivates the caller or takes a role from him until the change is made. f tells
// the activity log what it did with [Service.record]. It runs again when what it
// read names something that was deleted a moment later.
func (s *Service) change(ctx context.Context, caller *Principal, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	return s.changeUser(ctx, caller, nobody, f)
}

// changeUser is change for what changes a user, or what is a user's own: f reads
// what nobody else changes meanwhile.
func (s *Service) changeUser(ctx context.Context, caller *Principal, id int64, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	for try := 1; ; try++ {
		err := s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
			if err := lockForChange(ctx, tx, caller.User.ID, id); err != nil {
				return err
			}
			now, err := s.reload(ctx, tx, caller)
			if err != nil {
				return err
			}
			return f(ctx, tx, now)
		})
		if !errors.Is(err, ErrReferenced) || try == changeTries {
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
		return cmp.Or(tx.HoldUser(ctx, caller), tx.LockUsers(ctx, changed))
	default:
		return cmp.Or(tx.LockUsers(ctx, changed), tx.HoldUser(ctx, caller))
	}
}

// changeSettings is change for groups of settings, which f reads and stores.
func (s *Service) changeSettings(ctx context.Context, caller *Principal, groups []string, f func(ctx context.Context, tx Tx, caller *Principal) error) error {
	return s.change(ctx, caller, func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := tx.LockSettings(ctx, groups...); err != nil {
			return err
		}
		return f(ctx, tx, caller)
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
