package user

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// User returns one user. It fails with CodeForbidden and CodeNotFound as [Allow]
// says.
func (s *Users) User(ctx context.Context, caller *account.Principal, id int64) (account.User, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, id); err != nil {
		return account.User{}, err
	}
	return account.FindUser(ctx, s.store, id, s.now())
}

// UserByEmail returns the user with an address. It fails with CodeForbidden for who may
// read nobody, and with CodeNotFound; who may not be read is as one who is not there.
func (s *Users) UserByEmail(ctx context.Context, caller *account.Principal, address string) (account.User, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return account.User{}, err
	}
	key, ok := account.ParseEmail(address)
	if !ok {
		return account.User{}, account.NotFound()
	}
	c, err := s.store.CredentialByEmail(ctx, key)
	if errors.Is(err, account.ErrNotFound) || err == nil && account.Allow(caller, access.ActionRead, access.EntityUser, c.UserID) != nil {
		return account.User{}, account.NotFound()
	}
	if err != nil {
		return account.User{}, err
	}
	return account.FindUser(ctx, s.store, c.UserID, s.now())
}

// DeleteUser removes a user for good; the id is never used again. It fails as
// [Allow] says and with CodeLastAdministrator.
func (s *Users) DeleteUser(ctx context.Context, caller *account.Principal, id int64) error {
	permit, err := auth.Allowed(caller, access.ActionDelete, access.EntityUser, id)
	if err != nil {
		return err
	}
	return s.updateAccessAs(ctx, permit, id, nil, func(ctx context.Context, tx account.Tx, caller *account.Principal, user account.User) error {
		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(id)); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionUserDelete, Target: user.Target()})
	})
}
