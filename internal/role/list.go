package role

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxBatch limits the roles that a list reads with one query.
const maxBatch = 50

// ListRoles calls yield with every role that the caller may read, sorted by id. It reads the
// roles in batches without a common snapshot, so concurrent changes may show in a part of the
// list. It stops at the first error of yield and returns that error. It also fails as
// [account.Allow] does.
func (s *Roles) ListRoles(ctx context.Context, caller *account.Principal, yield func(access.Role) error) error {
	return listRoles(ctx, caller, listing[access.Role]{
		read: s.store.RolesAfter, id: func(r access.Role) int64 { return r.ID }, yield: yield,
	})
}

// ListRoleSummaries is [Roles.ListRoles] for summaries. It lists only roles with an id above
// afterID.
func (s *Roles) ListRoleSummaries(
	ctx context.Context, caller *account.Principal, afterID int64, yield func(account.RoleSummary) error,
) error {
	return listRoles(ctx, caller, listing[account.RoleSummary]{
		afterID: afterID, yield: yield,
		read: s.store.RoleSummariesAfter, id: func(r account.RoleSummary) int64 { return r.ID },
	})
}

// listing tells [listRoles] how to read roles and what to do with each.
type listing[R any] struct {
	afterID int64 // list only roles with an id above this one
	read    func(ctx context.Context, afterID int64, limit int) ([]R, error)
	id      func(R) int64
	yield   func(R) error
}

func listRoles[R any](ctx context.Context, caller *account.Principal, l listing[R]) error {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return err
	}
	afterID := l.afterID
	for {
		roles, err := l.read(ctx, afterID, maxBatch)
		if err != nil {
			return err
		}
		for _, r := range roles {
			if account.Allow(caller, access.ActionRead, access.EntityRole, l.id(r)) != nil {
				continue
			}
			if err := l.yield(r); err != nil {
				return err
			}
		}
		if len(roles) < maxBatch {
			return nil
		}
		afterID = l.id(roles[len(roles)-1])
	}
}

// CoveredRoles returns which of the roles in ids the caller may read and covers. To cover a
// role is to have all of its permissions. An administrator covers every role, so CoveredRoles
// reads no roles for them. Otherwise it reads the roles in batches. CoveredRoles fails as
// [account.Allow] does.
func (s *Roles) CoveredRoles(ctx context.Context, caller *account.Principal, ids []int64) (map[int64]bool, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	covered := make(map[int64]bool, len(ids))
	for batch := range slices.Chunk(ids, maxBatch) {
		if caller.Access.Administrator {
			for _, id := range batch {
				covered[id] = true
			}
			continue
		}
		roles, err := s.store.Roles(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, r := range readable(caller, roles) {
			covered[r.ID] = account.RequireCovers(caller, access.Union([]access.Role{r})) == nil
		}
	}
	return covered, nil
}
