package role

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// roleUpdate is an [auth.Update] of one role. old is the role before the update.
type roleUpdate func(ctx context.Context, tx *account.Tx, caller *account.Principal, old access.Role) error

// updateRoleAs locks one role and runs an update of it with [auth.Auth.UpdateLocked]. It fails
// as [requireMayChange] does.
func (s *Roles) updateRoleAs(ctx context.Context, permit auth.Permit, id int64, f roleUpdate) error {
	lock := func(ctx context.Context, tx *account.Tx) error { return tx.LockRoles(ctx, id) }
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		old, err := requireMayChange(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		return f(ctx, tx, caller, old)
	}
	return s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, update)
}

// requireMayChange returns a locked role if the caller may change it. It fails with
// CodeNotFound, with CodeForbidden when the caller lacks a permission of the role, and with
// CodeBuiltInRole.
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

// UpdateRole changes the name or the description of a role and returns the changed role. It
// fails as [account.Allow] does, and with CodeForbidden when the caller lacks a permission of
// the role. It also fails with CodeBuiltInRole, CodeInvalid and CodeRoleNameTaken.
func (s *Roles) UpdateRole(
	ctx context.Context, caller *account.Principal, id int64, up account.RoleUpdate,
) (access.Role, error) {
	permit, err := auth.Allowed(caller, access.ActionEdit, access.EntityRole, id)
	if err != nil {
		return access.Role{}, err
	}
	var role access.Role
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, old access.Role) error {
		role = old
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
		var changes account.ChangeList
		changes.Add("name", old.Name, role.Name)
		changes.Add("description", old.Description, role.Description)
		if len(changes) == 0 {
			return nil
		}
		err := tx.UpdateRole(ctx, role)
		if errors.Is(err, account.ErrRoleNameTaken) {
			return roleNameTaken("/name")
		}
		if err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionRoleUpdate, Target: roleTarget(role), Changes: changes,
		})
	}
	if err := s.updateRoleAs(ctx, permit, id, update); err != nil {
		return access.Role{}, err
	}
	return role, nil
}
