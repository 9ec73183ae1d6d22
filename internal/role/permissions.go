package role

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// mayAddUnknown fails when somebody who is no administrator adds a permission of
// a name that the registry does not know: a later release may give it a meaning.
func requireKnown(caller *account.Principal, was, wanted []access.Permission) error {
	if caller.Access.Administrator {
		return nil
	}
	for _, p := range wanted {
		if !p.Known() && !slices.ContainsFunc(was, p.Equal) {
			return &account.Error{Code: account.CodeForbidden, Message: "Only an administrator can add a permission of a name that this release does not know."}
		}
	}
	return nil
}

// permissionTexts writes permissions for the activity log.
func permissionTexts(permissions []access.Permission) []string {
	texts := make([]string, len(permissions))
	for i, p := range permissions {
		texts[i] = p.String()
	}
	return texts
}

// SetRolePermissions gives a role these permissions and no others. It fails as
// [Allow] says, for a caller who does not hold them all too, and with
// CodeBuiltInRole, CodeInvalid and CodePermissionNeedsRead.
func (s *Roles) SetRolePermissions(ctx context.Context, caller *account.Principal, id int64, drafts []access.PermissionRequest) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, drafts, func(access.Role) error { return nil })
}

// ReplaceRolePermissions is [Service.SetRolePermissions] for a role that still has the
// permissions that somebody has seen. It fails with CodeRoleChanged where it has others.
func (s *Roles) ReplaceRolePermissions(ctx context.Context, caller *account.Principal, id int64, seen []access.Permission, drafts []access.PermissionRequest) (access.Role, error) {
	return s.setRolePermissions(ctx, caller, id, drafts, func(was access.Role) error {
		if !slices.EqualFunc(was.Permissions, seen, access.Permission.Equal) {
			return &account.Error{Code: account.CodeRoleChanged, Message: "Somebody has changed these permissions in the meantime."}
		}
		return nil
	})
}

// setRolePermissions gives a role permissions, if check finds no fault with the role as
// it is, which nobody else can change then.
func (s *Roles) setRolePermissions(ctx context.Context, caller *account.Principal, id int64, drafts []access.PermissionRequest, check func(was access.Role) error) (access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityRole, id)
	if err != nil {
		return access.Role{}, err
	}
	wanted, err := account.ParsePermissions("", drafts)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	err = s.updateRoleAs(ctx, permit, id, func(ctx context.Context, tx account.Tx, caller *account.Principal, was access.Role) error {
		if err := check(was); err != nil {
			return err
		}
		if err := requireKnown(caller, was.Permissions, wanted); err != nil {
			return err
		}
		role = was
		role.Permissions = wanted
		if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
			return err
		}
		if err := tx.SetRolePermissions(ctx, id, wanted); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionRolePermissions, Target: roleTarget(role), Changes: []account.FieldChange{
			{Field: "permissions", From: permissionTexts(was.Permissions), To: permissionTexts(wanted)},
		}})
	})
	if err != nil {
		return access.Role{}, err
	}
	return role, nil
}
