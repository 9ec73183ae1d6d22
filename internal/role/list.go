package role

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// rolePage is how many roles a list holds in memory at once.
const rolePage = 50

// ListRoles calls yield with every role that the caller may read, by id. It holds
// one page at a time, so a list is not one snapshot. It ends with the first
// failure of yield.
func (s *Roles) ListRoles(ctx context.Context, caller *account.Principal, yield func(access.Role) error) error {
	return listRoles(ctx, caller, 0, s.store.RolesAfter, func(r access.Role) int64 { return r.ID }, yield)
}

// ListRoleSummaries is [Service.ListRoles] for summaries, of the roles after an id;
// 0: of all.
func (s *Roles) ListRoleSummaries(ctx context.Context, caller *account.Principal, after int64, yield func(account.RoleSummary) error) error {
	return listRoles(ctx, caller, after, s.store.RoleSummariesAfter, func(r account.RoleSummary) int64 { return r.ID }, yield)
}

// listRoles calls yield with what read has of the roles after one that the caller may
// read.
func listRoles[R any](ctx context.Context, caller *account.Principal, after int64,
	read func(ctx context.Context, after int64, limit int) ([]R, error), id func(R) int64, yield func(R) error,
) error {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return err
	}
	for {
		roles, err := read(ctx, after, rolePage)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if account.Allow(caller, access.ActionRead, access.EntityRole, id(r)) != nil {
				continue
			}
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(roles) < rolePage {
			return nil
		}
		after = id(roles[len(roles)-1])
	}
}

// CoveredRoles returns which of some roles the caller may read and covers. Nothing is
// read for an administrator, who covers whatever there is; for others one page at a
// time.
func (s *Roles) CoveredRoles(ctx context.Context, caller *account.Principal, ids []int64) (map[int64]bool, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	covered := make(map[int64]bool, len(ids))
	for page := range slices.Chunk(ids, rolePage) {
		if caller.Access.Administrator {
			for _, id := range page {
				covered[id] = true
			}
			continue
		}
		roles, err := s.store.Roles(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, r := range readable(caller, roles) {
			covered[r.ID] = account.RequireCovers(caller, access.Union([]access.Role{r})) == nil
		}
	}
	return covered, nil
}

// readable returns those of the roles that the caller may read.
func readable(caller *account.Principal, roles []access.Role) []access.Role {
	var seen []access.Role
	for _, r := range roles {
		if account.Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil {
			seen = append(seen, r)
		}
	}
	return seen
}

// Role returns one role. It fails as [Allow] says.
func (s *Roles) Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, id); err != nil {
		return access.Role{}, err
	}
	return findRole(ctx, s.store, id)
}

// DefaultRoles returns those of the roles of new users that the caller may read.
func (s *Roles) DefaultRoles(ctx context.Context, caller *account.Principal) ([]access.Role, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	settings, err := account.LoadApplicationSettings(ctx, s.store)
	if err != nil {
		return nil, err
	}
	roles, err := s.store.Roles(ctx, settings.DefaultRoleIDs)
	return readable(caller, roles), err
}

func findRole(ctx context.Context, r account.Reader, id int64) (access.Role, error) {
	roles, err := r.Roles(ctx, []int64{id})
	if err == nil && len(roles) == 0 {
		err = account.NotFound()
	}
	if err != nil {
		return access.Role{}, err
	}
	return roles[0], nil
}
