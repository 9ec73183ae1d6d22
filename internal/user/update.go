package user

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// accessUpdate is an [auth.Update] of one user. old is the user before the update.
type accessUpdate func(ctx context.Context, tx *account.Tx, caller *account.Principal, old account.User) error

// updateAccessAs is [auth.Auth.UpdateUserAs] for an update that may take away an administrator's
// access. It fails with CodeNotFound, and with CodeLastAdministrator when no administrator would
// remain. If changedRoles is not empty, it takes a shared lock on these roles and on the user's
// current roles.
func (s *Users) updateAccessAs(
	ctx context.Context, permit auth.Permit, id int64, changedRoles []int64, f accessUpdate,
) error {
	var old account.User
	lock := func(ctx context.Context, tx *account.Tx) (err error) {
		if old, err = account.FindUser(ctx, tx, id, s.now()); err != nil {
			return err
		}
		if old.HoldsRole(access.AdministratorRole) {
			err = tx.LockAdministrators(ctx)
		}
		if err != nil || len(changedRoles) == 0 {
			return err
		}
		return tx.ShareLockRoles(ctx, slices.Concat(changedRoles, old.RoleIDs)...)
	}
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		if err := f(ctx, tx, caller, old); err != nil || !old.HoldsRole(access.AdministratorRole) {
			return err
		}
		remaining, err := tx.CountAdministrators(ctx)
		if err == nil && remaining == 0 {
			return &account.Error{
				Code:    account.CodeLastAdministrator,
				Message: "This is the last administrator. Make another one first.",
			}
		}
		return err
	}
	return s.auth.UpdateLocked(ctx, permit, id, lock, update)
}

// UpdateUser changes all fields of an update or none, and returns the user afterwards. An update
// that changes nothing writes nothing.
//
// If somebody else sets the user's password, UpdateUser ends the user's sessions and, unless
// KeepKeys is set, the API keys. The user must then choose another password at the next sign-in.
// Deactivation ends the user's sessions. The API keys of an inactive user don't work until the
// user is active again.
//
// UpdateUser fails as [account.Allow] does. It fails with CodeForbidden when the update changes
// the access of a user and the caller lacks one of that user's permissions. It also fails with
// CodeInvalid, CodeEmailTaken, CodeNotLocalUser, CodeUsePasswordChange and
// CodeLastAdministrator, and with CodeUnavailable for the caller's own id while the disk is almost
// full.
func (s *Users) UpdateUser(
	ctx context.Context, caller *account.Principal, id int64, up account.UserUpdate,
) (account.User, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return requireMayUpdate(caller, id, up)
	})
	if err != nil {
		return account.User{}, err
	}
	if id == caller.User.ID {
		if err := s.requireDiskSpace(); err != nil {
			return account.User{}, err
		}
	}
	hash := ""
	if up.Password != nil {
		if err := account.ValidateNewPassword(*up.Password, "/password"); err != nil {
			return account.User{}, err
		}
		if hash, err = s.auth.HashNew(ctx, *up.Password); err != nil {
			return account.User{}, err
		}
	}
	var user account.User
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, was account.User) error {
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
		events := UpdateEvents(was, user, up)
		if len(events) == 0 {
			return nil
		}
		if err := s.storeUpdate(ctx, tx, was, &user, key, up, hash, caller.From.ClientNetwork); err != nil {
			return err
		}
		if up.TouchesAccess() { // from now on, undoing an import must not delete this user
			if err := tx.ReleaseImported(ctx, id); err != nil {
				return err
			}
		}
		return s.audit.Record(ctx, tx, caller, events...)
	}
	if err := s.updateAccessAs(ctx, permit, id, nil, update); err != nil {
		return account.User{}, err
	}
	if up.Password != nil {
		s.passwordChanged(id)
	}
	return user, nil
}

// requireMayUpdate checks that the caller may change each of the fields that the update has.
func requireMayUpdate(caller *account.Principal, id int64, up account.UserUpdate) error {
	// The address is as sensitive as the password, because recovery tokens are sent to it.
	if up.Password != nil || up.Email != nil {
		if err := account.DenyNamedKey(caller); err != nil {
			return err
		}
	}
	if caller.User.ID == id && !caller.User.NeedPasswordReset {
		if up.Password != nil {
			return account.UsePasswordChange()
		}
		if up.TouchesAccess() {
			return &account.Error{
				Code:    account.CodeForbidden,
				Message: "Through your own id you may change your name, surname, department, biography and picture only.",
			}
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

// storeUpdate stores an update that was checked before, with its consequences. A new address
// deletes the recovery tokens. Deactivation ends the sessions. A new password or an unlock
// resets the counters of failed sign-ins. network is the client network of the caller.
// storeUpdate also sets the fields of user that these consequences change.
func (s *Users) storeUpdate(
	ctx context.Context, tx *account.Tx, was account.User, user *account.User,
	key account.EmailKey, up account.UserUpdate, hash, network string,
) error {
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
		reset := auth.PasswordReset{Hash: hash, NeedReset: true, KeepKeys: up.KeepKeys, ClientNetwork: network}
		if err := s.auth.ResetPassword(ctx, tx, was, reset); err != nil {
			return err
		}
		user.NeedPasswordReset = true
	}
	if up.Unlock || up.Password != nil {
		user.LockedOut = false
		return tx.DeleteThrottlesOf(ctx, lockout.UserSubject(user.ID))
	}
	return nil
}
