package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// SetRolePermissions replaces the permissions of a role and returns the changed role.
//
// It fails as [account.Allow] does. It fails with CodeForbidden when the caller lacks one of the
// old or the new permissions. It fails with CodeInvalid for a permission that a role which users
// get automatically must not have. It also fails with CodeBuiltInRole, CodeInvalid and
// CodePermissionNeedsRead.
func (s *Roles) SetRolePermissions(
	ctx context.Context, caller *account.Principal, id int64, requests []access.PermissionRequest,
) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, requests, func(access.Role) error { return nil })
}

// ReplaceRolePermissions is [Roles.SetRolePermissions] on the condition that the role's
// permissions still equal expected. Otherwise it fails with CodeRoleChanged.
func (s *Roles) ReplaceRolePermissions(
	ctx context.Context, caller *account.Principal, id int64,
	expected []access.Permission, requests []access.PermissionRequest,
) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, requests, func(old access.Role) error {
		if !slices.EqualFunc(old.Permissions, expected, access.Permission.Equal) {
			return &account.Error{
				Code: account.CodeRoleChanged, Message: "Somebody has changed these permissions in the meantime.",
			}
		}
		return nil
	})
}

// setRolePermissions replaces the permissions of a role. It first calls precondition with the
// locked role, and fails if precondition does.
func (s *Roles) setRolePermissions(
	ctx context.Context, caller *account.Principal, id int64,
	requests []access.PermissionRequest, precondition func(old access.Role) error,
) (access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityRole, id)
	if err != nil {
		return access.Role{}, err
	}
	wanted, err := account.ParsePermissions("", requests)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, old access.Role) error {
		if err := precondition(old); err != nil {
			return err
		}
		if err := requireKnown(caller, old.Permissions, wanted); err != nil {
			return err
		}
		role = old
		role.Permissions = wanted
		if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
			return err
		}
		if err := s.requireAutomatic(ctx, tx, role, requests); err != nil {
			return err
		}
		if slices.EqualFunc(old.Permissions, wanted, access.Permission.Equal) {
			return nil
		}
		if err := tx.SetRolePermissions(ctx, id, wanted); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionRolePermissions, Target: roleTarget(role),
			Changes: []account.FieldChange{
				{Field: "permissions", From: permissionTexts(old.Permissions), To: permissionTexts(wanted)},
			},
		})
	}
	if err := s.updateRoleAs(ctx, permit, id, update); err != nil {
		return access.Role{}, err
	}
	return role, nil
}

// requireAutomatic fails with CodeInvalid if users get the role automatically and must not get
// its new permissions so. The error has the path of each such request. The transaction must have
// locked the role, so that no settings can name the role before the commit.
func (s *Roles) requireAutomatic(
	ctx context.Context, tx *account.Tx, role access.Role, requests []access.PermissionRequest,
) error {
	unfit, err := s.isUnfit(ctx, tx, role.ID, role)
	if err != nil || !unfit {
		return err
	}
	var c account.Checker
	for i, r := range requests {
		p := access.Permission{Entity: r.Entity, Action: r.Action}
		if r.DynamicID != "" {
			p.Scope = access.ScopeSelf
		}
		if !p.MayBeAutomatic() {
			c.Fail(fmt.Sprintf("/%d/action", i), "must not be granted by a role that users get automatically")
		}
	}
	return c.Err()
}

// isUnfit reports whether settings give the role id to users automatically, and its future form or
// replacement, role, must not be given so.
func (s *Roles) isUnfit(ctx context.Context, tx *account.Tx, id int64, role access.Role) (bool, error) {
	if role.MayBeAutomatic() {
		return false, nil
	}
	return s.settings.GivesAutomatically(ctx, tx, id)
}

// requireKnown fails with CodeForbidden when a caller without role 1 adds a permission that this
// release does not know. A later release could know the permission, which would then have an
// effect.
func requireKnown(caller *account.Principal, old, wanted []access.Permission) error {
	if caller.Access.Administrator {
		return nil
	}
	for _, p := range wanted {
		if !p.Known() && !slices.ContainsFunc(old, p.Equal) {
			return &account.Error{
				Code:    account.CodeForbidden,
				Message: "Only an administrator can add a permission of a name that this release does not know.",
			}
		}
	}
	return nil
}

// permissionTexts returns the permissions as texts for the activity log.
func permissionTexts(permissions []access.Permission) []string {
	texts := make([]string, len(permissions))
	for i, p := range permissions {
		texts[i] = p.String()
	}
	return texts
}
