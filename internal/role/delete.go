package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// DeleteRole deletes a role permanently. Its id is never used again. DeleteRole fails as
// [account.Allow] does, with CodeForbidden when the caller lacks a permission of the role, and
// with CodeBuiltInRole. It fails with CodeRoleInUse if replaceWith is 0 and a user has the role
// or a setting names it.
//
// If replaceWith is not 0, the role with this id replaces the deleted one for all users and in
// all settings. The caller must then be allowed to assign both roles and to edit the access of
// all users. The caller must also have every permission of the users who have the deleted role.
func (s *Roles) DeleteRole(ctx context.Context, caller *account.Principal, id, replaceWith int64) error {
	permit, err := auth.Allowed(caller, access.ActionDelete, access.EntityRole, id)
	if err != nil {
		return err
	}
	lock := func(ctx context.Context, tx *account.Tx) error {
		// These groups of settings name roles, which replaceRole may change.
		err := tx.LockSettings(ctx, account.SettingApplication, account.SettingLDAP, account.SettingSAML)
		if err != nil {
			return err
		}
		return tx.LockRoles(ctx, id, replaceWith)
	}
	remove := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		role, err := requireMayChange(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		event := account.Event{Action: account.ActionRoleDelete, Target: roleTarget(role)}
		if replaceWith == 0 {
			err = s.requireUnused(ctx, tx, caller, id)
		} else {
			event.Changes, err = s.replaceRole(ctx, tx, caller, id, replaceWith)
		}
		if err != nil {
			return err
		}
		err = tx.DeleteRole(ctx, id)
		if errors.Is(err, account.ErrReferenced) {
			return roleInUse()
		}
		if err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, event)
	}
	return s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, remove)
}

// requireUnused fails with CodeRoleInUse if a user has the role or a setting names it.
func (s *Roles) requireUnused(ctx context.Context, tx *account.Tx, caller *account.Principal, id int64) error {
	holders, err := tx.RolesOfHolders(ctx, id)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return roleInUse()
	}
	for _, replace := range s.settingReplacers() {
		used, err := replace(ctx, tx, caller, id, 0)
		if err != nil {
			return err
		}
		if used {
			return roleInUse()
		}
	}
	return nil
}

// replaceRole replaces the role id by the role replacementID, for all users and in all
// settings. It returns the fields for the activity log.
func (s *Roles) replaceRole(
	ctx context.Context, tx *account.Tx, caller *account.Principal, id, replacementID int64,
) ([]account.FieldChange, error) {
	replacement, err := requireMayReplace(ctx, tx, caller, id, replacementID)
	if err != nil {
		return nil, err
	}
	unfit, err := s.isUnfit(ctx, tx, id, replacement)
	if err != nil {
		return nil, err
	}
	if unfit {
		return nil, account.Invalid(account.Detail{
			Path: "/query/replaceWith", Message: settings.NotAutomatic(replacementID),
		})
	}
	for _, replace := range s.settingReplacers() {
		if _, err := replace(ctx, tx, caller, id, replacementID); err != nil {
			return nil, err
		}
	}
	users, err := tx.ReplaceRole(ctx, id, replacementID)
	return []account.FieldChange{{Field: "replaceWith", To: replacementID}, {Field: "users", To: users}}, err
}

// requireMayReplace checks that the caller has the permissions for a replacement; see
// [Roles.DeleteRole]. It fails with CodeForbidden if one is missing. It fails with CodeInvalid
// if the role replacementID does not exist or the caller can't read it. It returns that role.
func requireMayReplace(
	ctx context.Context, tx *account.Tx, caller *account.Principal, id, replacementID int64,
) (replacement access.Role, err error) {
	unknown := account.Invalid(account.Detail{
		Path: "/query/replaceWith", Message: fmt.Sprintf("there is no other role %d", replacementID),
	})
	if replacementID == id || account.Allow(caller, access.ActionRead, access.EntityRole, replacementID) != nil {
		return replacement, unknown
	}
	roles, err := tx.Roles(ctx, []int64{replacementID})
	if err != nil {
		return replacement, err
	}
	if len(roles) == 0 {
		return replacement, unknown
	}
	for _, r := range []int64{id, replacementID} {
		if account.Allow(caller, access.ActionAssign, access.EntityRole, r) != nil {
			return replacement, account.Forbidden()
		}
	}
	if account.Allow(caller, access.ActionEditAccess, access.EntityUser, access.All) != nil {
		return replacement, account.Forbidden()
	}
	rolesOfHolders, err := tx.RolesOfHolders(ctx, id)
	if err != nil {
		return replacement, err
	}
	return roles[0], account.RequireCovers(caller, access.Union(append(rolesOfHolders, roles...)))
}

// roleReplacer reports whether one group of settings names the role id. Unless replacementID is
// 0, it also replaces the role by replacementID in this group.
type roleReplacer func(
	ctx context.Context, tx *account.Tx, caller *account.Principal, id, replacementID int64,
) (used bool, err error)

// settingReplacers returns a replacer for each group of settings that names roles.
func (s *Roles) settingReplacers() []roleReplacer {
	return []roleReplacer{s.settings.ReplaceDefaultRole, s.settings.ReplaceLDAPRole, s.settings.ReplaceSAMLRole}
}

func roleInUse() *account.Error {
	return &account.Error{
		Code:    account.CodeRoleInUse,
		Message: "Somebody has this role, or a setting names it. Say by which role it is to be replaced.",
	}
}
