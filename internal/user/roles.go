package user

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// SetUserRoles replaces a user's roles and returns the new ones, sorted and unique.
//
// It fails as [account.Allow] does, and with CodeLastAdministrator. It fails with CodeInvalid
// for an empty list, and for a role that the caller can't read. It fails with CodeForbidden when
// the caller lacks a permission of the user or of a changed role, or may not assign a changed
// role.
func (s *Users) SetUserRoles(
	ctx context.Context, caller *account.Principal, id int64, roleIDs []int64,
) ([]int64, error) {
	if len(roleIDs) == 0 {
		return nil, noRoles()
	}
	newRoles := func([]int64) []int64 { return account.SortedUnique(roleIDs) }
	return s.changeUserRoles(ctx, caller, id, roleIDs, newRoles)
}

// ChangeUserRoles gives the roles addedIDs to a user and takes away the roles removedIDs. The
// user keeps all other roles, even if they are changed concurrently. ChangeUserRoles returns the
// user's roles afterwards, sorted and unique. It fails as [Users.SetUserRoles] does.
func (s *Users) ChangeUserRoles(
	ctx context.Context, caller *account.Principal, id int64, addedIDs, removedIDs []int64,
) ([]int64, error) {
	newRoles := func(current []int64) []int64 {
		kept := slices.DeleteFunc(slices.Clone(current), func(role int64) bool { return slices.Contains(removedIDs, role) })
		return account.SortedUnique(append(kept, addedIDs...))
	}
	return s.changeUserRoles(ctx, caller, id, slices.Concat(addedIDs, removedIDs), newRoles)
}

func noRoles() error {
	return account.Invalid(account.Detail{Path: "/roles", Message: "must have at least one role"})
}

// changeUserRoles calls newRoles with a user's current roles, and sets the user's roles to the
// result. Only roles in requested may change.
func (s *Users) changeUserRoles(
	ctx context.Context, caller *account.Principal, id int64, requested []int64, newRoles func(current []int64) []int64,
) ([]int64, error) {
	permit, err := auth.Allowed(caller, access.ActionEditAccess, access.EntityUser, id)
	if err != nil {
		return nil, err
	}
	var roles []int64
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, user account.User) error {
		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if roles = newRoles(user.RoleIDs); len(roles) == 0 {
			return noRoles()
		}
		changed := symmetricDifference(roles, user.RoleIDs)
		if err := requireMayAssign(ctx, tx, caller, requested, changed); err != nil || len(changed) == 0 {
			return err
		}
		err := tx.SetUserRoles(ctx, id, roles)
		if errors.Is(err, account.ErrReferenced) { // another request deleted a role concurrently
			return account.Invalid(account.Detail{Path: "/roles", Message: "must list roles that are there"})
		}
		if err != nil {
			return err
		}
		// From now on, undoing an import must not delete this user.
		if err := tx.ReleaseImported(ctx, id); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionUserRoles, Target: user.Target(),
			Changes: []account.FieldChange{{Field: "roles", From: user.RoleIDs, To: roles}},
		})
	}
	if err := s.updateAccessAs(ctx, permit, id, account.SortedUnique(requested), update); err != nil {
		return nil, err
	}
	return roles, nil
}

// requireMayAssign checks that the caller may give or take away the changed roles. It fails with
// CodeInvalid when a changed role in requested does not exist, or the caller can't read it. It
// fails with CodeForbidden when the caller may not assign a changed role or lacks one of its
// permissions.
func requireMayAssign(
	ctx context.Context, tx *account.Tx, caller *account.Principal, requested, changed []int64,
) error {
	if err := account.Allow(caller, access.ActionAssign, access.EntityRole, access.Any); err != nil {
		return err
	}
	roles, err := tx.Roles(ctx, changed)
	if err != nil {
		return err
	}
	readable := make(map[int64]bool, len(roles))
	for _, r := range roles {
		readable[r.ID] = account.Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil
	}
	var c account.Checker
	for i, id := range requested {
		if !readable[id] && slices.Contains(changed, id) {
			c.Fail(fmt.Sprintf("/roles/%d", i), fmt.Sprintf("there is no role %d", id))
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	for _, id := range changed {
		if err := account.Allow(caller, access.ActionAssign, access.EntityRole, id); err != nil {
			return account.Forbidden()
		}
	}
	return account.RequireCovers(caller, access.Union(roles))
}

// symmetricDifference returns the ids that are in only one of the two lists.
func symmetricDifference(a, b []int64) []int64 {
	var difference []int64
	for _, id := range a {
		if !slices.Contains(b, id) {
			difference = append(difference, id)
		}
	}
	for _, id := range b {
		if !slices.Contains(a, id) {
			difference = append(difference, id)
		}
	}
	return difference
}
