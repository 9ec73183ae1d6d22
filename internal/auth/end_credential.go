package auth

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// CredentialReader finds sessions and API keys.
type CredentialReader interface {
	account.SessionReader
	account.APIKeyReader
}

// Ending tells [EndCredential] how to find, delete and record one kind of credential C, such as
// a session.
type Ending[C any] struct {
	Entity access.Entity
	// Find fails with [account.ErrNotFound] when the credential doesn't exist.
	Find   func(ctx context.Context, r CredentialReader) (C, error)
	Owner  func(c C) (userID int64)
	Delete func(ctx context.Context, tx *account.Tx) error
	Event  func(c C, owner account.User) account.Event
}

// find calls Find and turns [account.ErrNotFound] into the error for callers, CodeNotFound.
func (e Ending[C]) find(ctx context.Context, r CredentialReader) (C, error) {
	c, err := e.Find(ctx, r)
	if errors.Is(err, account.ErrNotFound) {
		return c, account.NotFound()
	}
	return c, err
}

// EndCredential ends a session or an API key at once and records that in the activity log. It
// fails as [account.Allow] does. It also fails with CodeForbidden when the owner, other than the
// caller, has a permission that the caller lacks.
func EndCredential[C any](ctx context.Context, s *Auth, caller *account.Principal, e Ending[C]) error {
	permit, err := Allowed(caller, access.ActionDelete, e.Entity, access.Any)
	if err != nil {
		return err
	}
	found, err := e.find(ctx, s.store)
	if err != nil {
		return err
	}
	end := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		c, err := e.find(ctx, tx)
		if err != nil {
			return err
		}
		owner, err := s.requireMayEnd(ctx, tx, caller, e.Entity, e.Owner(c))
		if err != nil {
			return err
		}
		if err := e.Delete(ctx, tx); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, e.Event(c, owner))
	}
	return s.UpdateUserAs(ctx, permit, e.Owner(found), end)
}

// RevokeKeys ends all API keys of a user, also one that the request came with. It fails as
// [EndCredential] does.
func (s *Auth) RevokeKeys(ctx context.Context, caller *account.Principal, userID int64) error {
	permit, err := Allowed(caller, access.ActionDelete, access.EntityAPIKey, userID)
	if err != nil {
		return err
	}
	return s.UpdateUserAs(ctx, permit, userID, func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		owner, err := s.requireMayEnd(ctx, tx, caller, access.EntityAPIKey, userID)
		if err != nil {
			return err
		}
		events, err := revokeKeys(ctx, tx, owner)
		if err != nil || len(events) == 0 {
			return err
		}
		return s.audit.Record(ctx, tx, caller, events...)
	})
}

// revokeKeys deletes the API keys of a user, and returns the event to record: none if there was no
// key.
func revokeKeys(ctx context.Context, tx *account.Tx, owner account.User) ([]account.Event, error) {
	keys, err := tx.APIKeysOf(ctx, owner.ID)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	target := account.Target{Kind: access.EntityAPIKey, Name: owner.Email}
	return []account.Event{{Action: account.ActionKeyEnd, Target: target}}, tx.DeleteAPIKeysOf(ctx, owner.ID)
}

// requireMayEnd returns the user ownerID if the caller may end that user's credentials of the
// entity. Callers may end their own, and those of users who have no permission that the caller
// lacks.
func (s *Auth) requireMayEnd(
	ctx context.Context, tx *account.Tx, caller *account.Principal, entity access.Entity, ownerID int64,
) (account.User, error) {
	if err := account.Allow(caller, access.ActionDelete, entity, ownerID); err != nil {
		return account.User{}, err
	}
	owner, err := account.FindUser(ctx, tx, ownerID, s.now())
	if err != nil || ownerID == caller.User.ID {
		return owner, err
	}
	return owner, account.RequireCoversUser(ctx, tx, caller, ownerID)
}
