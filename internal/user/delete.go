package user

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// DeleteUser deletes a user permanently. The id is never used again. DeleteUser fails as
// [account.Allow] does, with CodeForbidden when the caller lacks a permission of the user, and
// with CodeLastAdministrator.
func (s *Users) DeleteUser(ctx context.Context, caller *account.Principal, id int64) error {
	permit, err := auth.Allowed(caller, access.ActionDelete, access.EntityUser, id)
	if err != nil {
		return err
	}
	remove := func(ctx context.Context, tx *account.Tx, caller *account.Principal, user account.User) error {
		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(id)); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, id); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionUserDelete, Target: user.Target()})
	}
	return s.updateAccessAs(ctx, permit, id, nil, remove)
}
