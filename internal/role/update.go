package role

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// roleUpdate is an [auth.Update] of a role, which also gets the role before the update.
type roleUpdate func(ctx context.Context, tx *account.Tx, caller *account.Principal, was access.Role) error

// updateRoleAs is [auth.Auth.UpdateLocked] for one role, which it locks. It fails as
// [requireMayChange] does.
func (s *Roles) updateRoleAs(ctx context.Context, permit auth.Permit, id int64, f roleUpdate) error {
	lock := func(ctx context.Context, tx *account.Tx) error { return tx.LockRoles(ctx, id) }
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		was, err := requireMayChange(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		return f(ctx, tx, caller, was)
	}
	return s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, update)
}

// requireMayChange returns a locked role. It fails with CodeNotFound, with CodeForbidden
// for a role that the caller does not cover, and with CodeBuiltInRole for a built-in one.
func requireMayChange(ctx context.Context, tx *account.Tx, caller *account.Principal, id int64) (access.Role, error) {
	role, err := findRole(ctx, tx, id)
	if err != nil {
		return access.Role{}, err
	}
	if err := account.RequireCovers(caller, access.Union([]access.Role{role})); err != nil {
		return access.Role{}, err
	}
	if role.BuiltIn() {
		return access.Role{}, &account.Error{
			Code: account.CodeBuiltInRole, Message: "This role is built in. Copy it, and change the copy.",
		}
	}
	return role, nil
}

// UpdateRole changes the name or the description of a role. It fails as [account.Allow]
// says, with CodeForbidden for a role that the caller does not cover, and with
// CodeBuiltInRole, CodeInvalid and CodeRoleNameTaken.
func (s *Roles) UpdateRole(
	ctx context.Context, caller *account.Principal, id int64, up account.RoleUpdate,
) (access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityRole, id)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, was access.Role) error {
		role = was
		var c account.Checker
		if up.Name != nil {
			c.Name("/name", *up.Name)
			role.Name = *up.Name
		}
		if up.Description != nil {
			c.Text("/description", *up.Description, account.MaxDescriptionLength)
			role.Description = *up.Description
		}
		if err := c.Err(); err != nil {
			return err
		}
		err := tx.UpdateRole(ctx, role)
		if errors.Is(err, account.ErrRoleNameTaken) {
			return roleNameTaken("/name")
		}
		if err != nil {
			return err
		}
		var changes account.ChangeList
		changes.Add("name", was.Name, role.Name)
		changes.Add("description", was.Description, role.Description)
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionRoleUpdate, Target: roleTarget(role), Changes: changes,
		})
	}
	if err := s.updateRoleAs(ctx, permit, id, update); err != nil {
		return access.Role{}, err
	}
	return role, nil
}
