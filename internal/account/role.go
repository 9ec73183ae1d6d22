package account

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// SetUserRoles gives a user these roles and no others, and returns them sorted,
// each once. It fails as [Allow] says, with CodeInvalid for no role or one that
// the caller cannot see, and with CodeLastAdministrator.
func (s *Service) SetUserRoles(ctx context.Context, caller *Principal, id int64, roleIDs []int64) ([]int64, error) {
	if len(roleIDs) == 0 {
		return nil, Invalid(Detail{"/roles", "must have at least one role"})
	}
	wanted := fold(roleIDs)
	if err := Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
		return nil, err
	}
	err := s.changeAccess(ctx, caller, id, wanted, func(ctx context.Context, tx Tx, caller *Principal, user User) error {
		if err := Allow(caller, access.ActionEditAccess, access.EntityUser, id); err != nil {
			return err
		}
		if err := s.mustCoverUser(ctx, tx, caller, id); err != nil {
			return err
		}
		if err := mayAssign(ctx, tx, caller, roleIDs, difference(wanted, user.RoleIDs)); err != nil {
			return err
		}
		err := tx.SetUserRoles(ctx, id, wanted)
		if errors.Is(err, ErrReferenced) { // deleted a moment ago
			return Invalid(Detail{"/roles", "must list roles that are there"})
		}
		if err == nil {
			err = tx.ReleaseImported(ctx, id)
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, caller, Event{
			ActionUserRoles, user.target(), []FieldChange{{"roles", user.RoleIDs, wanted}},
		})
	})
	if err != nil {
		return nil, err
	}
	return wanted, nil
}

// mayAssign decides whether the caller may give or take away the changed roles;
// asked is the input, for the paths of unknown ones.
func mayAssign(ctx context.Context, tx Tx, caller *Principal, asked, changed []int64) error {
	if err := Allow(caller, access.ActionAssign, access.EntityRole, access.Any); err != nil {
		return err
	}
	roles, err := tx.Roles(ctx, changed)
	if err != nil {
		return err
	}
	seen := make(map[int64]access.Role, len(roles))
	for _, r := range roles {
		if Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil {
			seen[r.ID] = r
		}
	}
	var c checker
	for i, id := range asked {
		if _, ok := seen[id]; !ok && slices.Contains(changed, id) {
			c.fail(fmt.Sprintf("/roles/%d", i), fmt.Sprintf("there is no role %d", id))
		}
	}
	if err := c.err(); err != nil {
		return err
	}
	for _, id := range changed {
		if err := Allow(caller, access.ActionAssign, access.EntityRole, id); err != nil {
			return forbidden()
		}
	}
	return mustCover(caller, access.Of(roles))
}

// difference returns the ids that are in one of the sorted lists alone.
func difference(a, b []int64) []int64 {
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

// fold returns the ids sorted, each once.
func fold(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// RoleNameKey is the name of a role in the one form that is kept unique, without
// regard to case.
func RoleNameKey(name string) string { return foldText(name) }
