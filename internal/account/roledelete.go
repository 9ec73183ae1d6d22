package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// groupsWithRoles are the groups of settings that name roles.
var groupsWithRoles = []string{settingApplication, settingLDAP, settingSAML}

// DeleteRole removes a role for good; the id is never used again. It fails as
// [Allow] says, and with CodeBuiltInRole and CodeRoleInUse.
//
// Unless replaceWith is 0, all who have the role, and all settings that name it,
// get that one in its place. This needs the permission to assign both, to edit
// the access of all users, and to cover everybody who has the role.
func (s *Service) DeleteRole(ctx context.Context, caller *Principal, id, replaceWith int64) error {
	if err := Allow(caller, access.ActionDelete, access.EntityRole, id); err != nil {
		return err
	}
	lock := func(ctx context.Context, tx Tx) error {
		return cmp.Or(tx.LockSettings(ctx, groupsWithRoles...), tx.LockRoles(ctx, id, replaceWith))
	}
	return s.updateLocked(ctx, caller, noUser, lock, func(ctx context.Context, tx Tx, caller *Principal) error {
		role, err := mayChangeRole(ctx, tx, caller, access.ActionDelete, id)
		if err != nil {
			return err
		}
		event := Event{Action: ActionRoleDelete, Target: roleTarget(role)}
		if replaceWith == 0 {
			err = s.mustBeUnused(ctx, tx, caller, id)
		} else {
			event.Changes, err = s.replaceRole(ctx, tx, caller, id, replaceWith)
		}
		if err != nil {
			return err
		}
		err = tx.DeleteRole(ctx, id)
		if errors.Is(err, ErrReferenced) {
			return roleInUse()
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, caller, event)
	})
}

// mustBeUnused fails with CodeRoleInUse for a role that somebody has, or that a
// setting names.
func (s *Service) mustBeUnused(ctx context.Context, tx Tx, caller *Principal, id int64) error {
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
func (s *Service) replaceRole(ctx context.Context, tx Tx, caller *Principal, id, with int64) ([]FieldChange, error) {
	if err := mayReplaceRole(ctx, tx, caller, id, with); err != nil {
		return nil, err
	}
	for _, replace := range s.settingReplacers() {
		if _, err := replace(ctx, tx, caller, id, with); err != nil {
			return nil, err
		}
	}
	users, err := tx.ReplaceRole(ctx, id, with)
	return []FieldChange{{Field: "replaceWith", To: with}, {Field: "users", To: users}}, err
}

func mayReplaceRole(ctx context.Context, tx Tx, caller *Principal, id, with int64) error {
	unknown := Invalid(Detail{"/query/replaceWith", fmt.Sprintf("there is no other role %d", with)})
	if with == id || Allow(caller, access.ActionRead, access.EntityRole, with) != nil {
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
		if Allow(caller, access.ActionAssign, access.EntityRole, r) != nil {
			return forbidden()
		}
	}
	if Allow(caller, access.ActionEditAccess, access.EntityUser, access.All) != nil {
		return forbidden()
	}
	held, err := tx.RolesOfHolders(ctx, id)
	if err != nil {
		return err
	}
	return requireCovers(caller, access.Of(append(held, replacement...)))
}

// roleReplacer reports whether a group of settings names the role old. Unless with is
// 0, it also puts the role with in its place.
type roleReplacer func(ctx context.Context, tx Tx, caller *Principal, old, with int64) (used bool, err error)

// settingReplacers returns the replacer of each group of settings that names roles.
func (s *Service) settingReplacers() []roleReplacer {
	return []roleReplacer{s.replaceDefaultRole, s.replaceLDAPRole, s.replaceSAMLRole}
}

// replaceDefaultRole is a [roleReplacer] for the roles that new users get.
func (s *Service) replaceDefaultRole(ctx context.Context, tx Tx, caller *Principal, old, with int64) (bool, error) {
	settings, err := loadApplicationSettings(ctx, tx)
	if err != nil || !slices.Contains(settings.DefaultRoleIDs, old) || with == 0 {
		return slices.Contains(settings.DefaultRoleIDs, old), err
	}
	was := settings.DefaultRoleIDs
	settings.DefaultRoleIDs = replaced(was, old, with)
	if err := saveSettings(ctx, tx, settingApplication, settings); err != nil {
		return true, err
	}
	return true, s.record(ctx, tx, caller, Event{
		ActionSettingsUpdate, Target{Kind: access.EntityApplicationSettings}, []FieldChange{{"defaultRoleIds", was, settings.DefaultRoleIDs}},
	})
}

// replaced returns the ids with one of them exchanged, sorted, each once.
func replaced(ids []int64, old, with int64) []int64 {
	return sortedUnique(append(slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == old }), with))
}

func roleInUse() *Error {
	return &Error{Code: CodeRoleInUse, Message: "Somebody has this role, or a setting names it. Say by which role it is to be replaced."}
}
