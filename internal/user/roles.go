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

// SetUserRoles gives a user these roles and no others, and returns them sorted,
// each once. It fails as [Allow] says, with CodeInvalid for no role or one that
// the caller cannot see, and with CodeLastAdministrator.
func (s *Users) SetUserRoles(ctx context.Context, caller *account.Principal, id int64, roleIDs []int64) ([]int64, error) {
	if len(roleIDs) == 0 {
		return nil, noRoles()
	}
	return s.changeUserRoles(ctx, caller, id, roleIDs, func([]int64) []int64 { return account.SortedUnique(roleIDs) })
}

// ChangeUserRoles gives a user roles and takes others from him. What else he has
// stays, whoever changes it meanwhile. It returns his roles then, sorted, and fails
// as [Service.SetUserRoles].
func (s *Users) ChangeUserRoles(ctx context.Context, caller *account.Principal, id int64, give, take []int64) ([]int64, error) {
	return s.changeUserRoles(ctx, caller, id, slices.Concat(give, take), func(was []int64) []int64 {
		wanted := slices.DeleteFunc(slices.Clone(was), func(role int64) bool { return slices.Contains(take, role) })
		return account.SortedUnique(append(wanted, give...))
	})
}

func noRoles() error {
	return account.Invalid(account.Detail{Path: "/roles", Message: "must have at least one role"})
}

// changeUserRoles gives a user the roles that follow from those he has; named are all
// that are to change.
func (s *Users) changeUserRoles(ctx context.Context, caller *account.Principal, id int64, named []int64, follow func(was []int64) []int64) (wanted []int64, err error) {
	permit, err := auth.Allowed(caller, access.ActionEditAccess, access.EntityUser, id)
	if err != nil {
		return nil, err
	}
	err = s.updateAccessAs(ctx, permit, id, account.SortedUnique(named), func(ctx context.Context, tx account.Tx, caller *account.Principal, user account.User) error {
		if err := account.RequireCoversUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if wanted = follow(user.RoleIDs); len(wanted) == 0 {
			return noRoles()
		}
		if err := requireMayAssign(ctx, tx, caller, named, symmetricDifference(wanted, user.RoleIDs)); err != nil {
			return err
		}
		err := tx.SetUserRoles(ctx, id, wanted)
		if errors.Is(err, account.ErrReferenced) { // deleted a moment ago
			return account.Invalid(account.Detail{Path: "/roles", Message: "must list roles that are there"})
		}
		if err == nil {
			err = tx.ReleaseImported(ctx, id)
		}
		if err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionUserRoles, Target: user.Target(), Changes: []account.FieldChange{{Field: "roles", From: user.RoleIDs, To: wanted}},
		})
	})
	if err != nil {
		return nil, err
	}
	return wanted, nil
}

// mayAssign decides whether the caller may give or take away the changed roles;
// asked is the input, for the paths of unknown ones.
func requireMayAssign(ctx context.Context, tx account.Tx, caller *account.Principal, asked, changed []int64) error {
	if err := account.Allow(caller, access.ActionAssign, access.EntityRole, access.Any); err != nil {
		return err
	}
	roles, err := tx.Roles(ctx, changed)
	if err != nil {
		return err
	}
	seen := make(map[int64]access.Role, len(roles))
	for _, r := range roles {
		if account.Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil {
			seen[r.ID] = r
		}
	}
	var c account.Checker
	for i, id := range asked {
		if _, ok := seen[id]; !ok && slices.Contains(changed, id) {
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

// difference returns the ids that are in one of the sorted lists alone.
func symmetricDifference(a, b []int64) []int64 {
	var only []int64
	for _, id := range a {
		if !slices.Contains(b, id) {
			only = append(only, id)
		}
	}
	for _, id := range b {
		if !slices.Contains(a, id) {
			only = append(only, id)
		}
	}
	return only
}
