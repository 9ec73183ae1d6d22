package user

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// updateAccessAs is [auth.Auth.UpdateUserAs] for an update that may remove an
// administrator. It gives f the user, and fails with CodeNotFound and, when no
// administrator would remain, with CodeLastAdministrator. If the update gives roles, it
// share-locks them and the user's current ones.
func (s *Users) updateAccessAs(ctx context.Context, permit auth.Permit, id int64, given []int64,
	f func(ctx context.Context, tx account.Tx, caller *account.Principal, was account.User) error,
) error {
	var was account.User
	lock := func(ctx context.Context, tx account.Tx) (err error) {
		if was, err = account.FindUser(ctx, tx, id, s.now()); err != nil {
			return err
		}
		if was.HoldsRole(access.AdministratorRole) {
			err = tx.LockAdministrators(ctx)
		}
		if err != nil || len(given) == 0 {
			return err
		}
		return tx.ShareLockRoles(ctx, slices.Concat(given, was.RoleIDs)...)
	}
	return s.auth.UpdateLocked(ctx, permit, id, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		if err := f(ctx, tx, caller, was); err != nil || !was.HoldsRole(access.AdministratorRole) {
			return err
		}
		left, err := tx.CountAdministrators(ctx)
		if err == nil && left == 0 {
			return &account.Error{Code: account.CodeLastAdministrator, Message: "This is the last administrator. Make another one first."}
		}
		return err
	})
}

// UpdateUser changes all that the update names, or nothing. An administrator's
// reset of a password makes its owner choose another at the next sign-in, and ends
// his sessions and, unless they are to be kept, his keys. A user who is deactivated
// loses his sessions; his keys only rest. It fails as [Allow] says and with CodeInvalid, CodeEmailTaken, CodeNotLocalUser,
// CodeUsePasswordChange and CodeLastAdministrator.
func (s *Users) UpdateUser(ctx context.Context, caller *account.Principal, id int64, up account.UserUpdate) (account.User, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error { return requireMayUpdate(caller, id, up) })
	if err != nil {
		return account.User{}, err
	}
	hash := ""
	if up.Password != nil {
		if err := account.ValidateNewPassword(*up.Password, "/password"); err != nil {
			return account.User{}, err
		}
		var err error
		if hash, err = s.auth.HashNew(ctx, *up.Password); err != nil {
			return account.User{}, err
		}
	}
	var user account.User
	err = s.updateAccessAs(ctx, permit, id, nil, func(ctx context.Context, tx account.Tx, caller *account.Principal, was account.User) error {
		if up.TouchesAccess() {
			if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
				return err
			}
		}
		if up.Password != nil && was.Provider != account.ProviderLocal {
			return account.NotLocalUser()
		}
		user = was
		key, err := up.Apply(&user)
		if err != nil {
			return err
		}
		if err := s.storeUpdate(ctx, tx, was, &user, key, up, hash); err != nil {
			return err
		}
		if up.TouchesAccess() {
			if err := tx.ReleaseImported(ctx, id); err != nil {
				return err
			}
		}
		return s.audit.Record(ctx, tx, caller, UpdateEvents(was, user, up)...)
	})
	if err != nil {
		return account.User{}, err
	}
	if up.Password != nil {
		s.passwordChanged(id)
	}
	return user, nil
}

// mayUpdate decides on an update from what it names.
func requireMayUpdate(caller *account.Principal, id int64, up account.UserUpdate) error {
	if up.Password != nil || up.Email != nil { // the address is where a new password's token goes
		if err := account.DenyNamedKey(caller); err != nil {
			return err
		}
	}
	if caller.User.ID == id && !caller.User.NeedPasswordReset {
		if up.Password != nil {
			return account.UsePasswordChange()
		}
		if up.TouchesAccess() {
			return &account.Error{Code: account.CodeForbidden, Message: "Through your own id you may change your name, surname, department, biography and picture only."}
		}
	}
	if up.TouchesAccess() {
		if err := account.Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
			return err
		}
	}
	if up.TouchesProfile() || !up.TouchesAccess() {
		return account.Allow(caller, access.ActionEdit, access.EntityUser, id)
	}
	return nil
}

// storeUpdate writes an update that was decided on, and what follows from it.
func (s *Users) storeUpdate(ctx context.Context, tx account.Tx, was account.User, user *account.User, key account.EmailKey, up account.UserUpdate, hash string) error {
	now := s.now()
	err := tx.UpdateUser(ctx, was, *user, key, now)
	if errors.Is(err, account.ErrEmailTaken) {
		return account.EmailTaken("/email")
	}
	if err != nil {
		return err
	}
	if up.Email != nil && *up.Email != was.Email {
		if err := tx.DeleteRecoveriesOf(ctx, user.ID); err != nil {
			return err
		}
	}
	if was.Active && !user.Active {
		if err := auth.EndAccess(ctx, tx, user.ID); err != nil {
			return err
		}
	}
	if up.Password != nil {
		if err := s.auth.ResetPassword(ctx, tx, user.ID, auth.PasswordReset{Hash: hash, NeedReset: true, KeepKeys: up.KeepKeys}); err != nil {
			return err
		}
		user.NeedPasswordReset = true
	}
	if up.Unlock || up.Password != nil {
		user.LockedOut = false
		return tx.DeleteThrottlesOf(ctx, throttle.UserSubject(user.ID))
	}
	return nil
}
