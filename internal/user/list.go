package user

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A list reads users in batches. The first batch has at most firstBatch users, and each later
// one at most maxBatch.
const (
	maxBatch   = 1000
	firstBatch = 100
)

// ListUsers calls yield with every user that the caller may read, sorted by id. It reads the
// users in batches without a common snapshot, so concurrent changes may show in a part of the
// list. It stops at the first error of yield and returns that error. It also fails as
// [account.Allow] does.
func (s *Users) ListUsers(ctx context.Context, caller *account.Principal, yield func(account.User) error) error {
	if err := account.Allow(caller, access.ActionRead, access.EntityUser, access.Any); err != nil {
		return err
	}
	all, readable := caller.Access.VisibleIDs(access.ActionRead, access.EntityUser, caller.User.ID)
	limit := firstBatch
	for last := int64(0); ; {
		users, err := s.store.UsersAfter(ctx, last, limit, s.now())
		if err != nil || len(users) == 0 {
			return err
		}
		// When pictures are large, the store ends a batch early and discards the other rows that
		// it has read. The next batch therefore asks only for as many users as this one
		// returned.
		if len(users) == limit {
			limit = min(2*limit, maxBatch)
		} else {
			limit = len(users)
		}
		for _, u := range users {
			if _, found := slices.BinarySearch(readable, u.ID); !all && !found {
				continue
			}
			if err := yield(u); err != nil {
				return err
			}
		}
		last = users[len(users)-1].ID
	}
}
