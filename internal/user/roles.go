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
// It fails as [account.Allow] says, with CodeInvalid for an empty list or a role that the
// caller cannot read, and with CodeLastAdministrator. It fails with CodeForbidden for a
// user whom the caller does not cover, and for a changed role that the caller does not
// cover or may not assign.
func (s *Users) SetUserRoles(
	ctx context.Context, caller *account.Principal, id int64, roleIDs []int64,
) ([]int64, error) {
	if len(roleIDs) == 0 {
		return nil, noRoles()
	}
	wanted := func([]int64) []int64 { return account.SortedUnique(roleIDs) }
	return s.changeUserRoles(ctx, caller, id, roleIDs, wanted)
}

// ChangeUserRoles gives a user some roles and takes others away. It does not touch the
// user's other roles, so concurrent changes of those are kept. It returns the user's roles
// afterwards, sorted and unique, and fails as [Users.SetUserRoles] does.
func (s *Users) ChangeUserRoles(
	ctx context.Context, caller *account.Principal, id int64, give, take []int64,
) ([]int64, error) {
	wanted := func(was []int64) []int64 {
		kept := slices.DeleteFunc(slices.Clone(was), func(role int64) bool { return slices.Contains(take, role) })
		return account.SortedUnique(append(kept, give...))
	}
	return s.changeUserRoles(ctx, caller, id, slices.Concat(give, take), wanted)
}

func noRoles() error {
	return account.Invalid(account.Detail{Path: "/roles", Message: "must have at least one role"})
}

// changeUserRoles sets a user's roles to those that wanted returns for the current ones.
// requested are the roles in the request, all that may change.
func (s *Users) changeUserRoles(
	ctx context.Context, caller *account.Principal, id int64, requested []int64, wanted func(was []int64) []int64,
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
		if roles = wanted(user.RoleIDs); len(roles) == 0 {
			return noRoles()
		}
		changed := symmetricDifference(roles, user.RoleIDs)
		if err := requireMayAssign(ctx, tx, caller, requested, changed); err != nil {
			return err
		}
		err := tx.SetUserRoles(ctx, id, roles)
		if errors.Is(err, account.ErrReferenced) { // a role was deleted concurrently
			return account.Invalid(account.Detail{Path: "/roles", Message: "must list roles that are there"})
		}
		if err != nil {
			return err
		}
		// The undo of an import must not delete this user any more.
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

// requireMayAssign checks that the caller may give or take away the changed roles. It
// fails with CodeInvalid for a requested role that changes and is unknown, or that the
// caller cannot read. It fails with CodeForbidden for a role that the caller may not
// assign or does not cover.
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

// symmetricDifference returns the ids that are in exactly one of two lists.
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
