package role

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// groupsWithRoles are the groups of settings that name roles.
var groupsWithRoles = []string{account.SettingApplication, account.SettingLDAP, account.SettingSAML}

// DeleteRole removes a role for good; the id is never used again. It fails as
// [Allow] says, and with CodeBuiltInRole and CodeRoleInUse.
//
// Unless replaceWith is 0, all who have the role, and all settings that name it,
// get that one in its place. This needs the permission to assign both, to edit
// the access of all users, and to cover everybody who has the role.
func (s *Roles) DeleteRole(ctx context.Context, caller *account.Principal, id, replaceWith int64) error {
	permit, err := auth.Allowed(caller, access.ActionDelete, access.EntityRole, id)
	if err != nil {
		return err
	}
	lock := func(ctx context.Context, tx account.Tx) error {
		if err := tx.LockSettings(ctx, groupsWithRoles...); err != nil {
			return err
		}
		return tx.LockRoles(ctx, id, replaceWith)
	}
	return s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		role, err := requireMayChange(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		event := account.Event{Action: account.ActionRoleDelete, Target: roleTarget(role)}
		if replaceWith == 0 {
			err = s.mustBeUnused(ctx, tx, caller, id)
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
	})
}

// mustBeUnused fails with CodeRoleInUse for a role that somebody has, or that a
// setting names.
func (s *Roles) mustBeUnused(ctx context.Context, tx account.Tx, caller *account.Principal, id int64) error {
	held, err := tx.RolesOfHolders(ctx, id)
	if err != nil {
		return err
	}
	if len(held) > 0 {
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

// replaceRole puts another role in the place of one, wherever it is, and returns
// what there is to tell of it.
func (s *Roles) replaceRole(ctx context.Context, tx account.Tx, caller *account.Principal, id, with int64) ([]account.FieldChange, error) {
	if err := requireMayReplace(ctx, tx, caller, id, with); err != nil {
		return nil, err
	}
	for _, replace := range s.settingReplacers() {
		if _, err := replace(ctx, tx, caller, id, with); err != nil {
			return nil, err
		}
	}
	users, err := tx.ReplaceRole(ctx, id, with)
	return []account.FieldChange{{Field: "replaceWith", To: with}, {Field: "users", To: users}}, err
}

func requireMayReplace(ctx context.Context, tx account.Tx, caller *account.Principal, id, with int64) error {
	unknown := account.Invalid(account.Detail{Path: "/query/replaceWith", Message: fmt.Sprintf("there is no other role %d", with)})
	if with == id || account.Allow(caller, access.ActionRead, access.EntityRole, with) != nil {
		return unknown
	}
	replacement, err := tx.Roles(ctx, []int64{with})
	if err != nil {
		return err
	}
	if len(replacement) == 0 {
		return unknown
	}
	for _, r := range []int64{id, with} {
		if account.Allow(caller, access.ActionAssign, access.EntityRole, r) != nil {
			return account.Forbidden()
		}
	}
	if account.Allow(caller, access.ActionEditAccess, access.EntityUser, access.All) != nil {
		return account.Forbidden()
	}
	held, err := tx.RolesOfHolders(ctx, id)
	if err != nil {
		return err
	}
	return account.RequireCovers(caller, access.Union(append(held, replacement...)))
}

// roleReplacer reports whether a group of settings names the role old. Unless with is
// 0, it also puts the role with in its place.
type roleReplacer func(ctx context.Context, tx account.Tx, caller *account.Principal, old, with int64) (used bool, err error)

// settingReplacers returns the replacer of each group of settings that names roles.
func (s *Roles) settingReplacers() []roleReplacer {
	return []roleReplacer{s.settings.ReplaceDefaultRole, s.settings.ReplaceLDAPRole, s.settings.ReplaceSAMLRole}
}

func roleInUse() *account.Error {
	return &account.Error{Code: account.CodeRoleInUse, Message: "Somebody has this role, or a setting names it. Say by which role it is to be replaced."}
}
