package user

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A list reads users in batches, the first of firstBatch and later ones of at most
// maxBatch users.
const (
	maxBatch   = 1000
	firstBatch = 100
)

// ListUsers calls yield with every user that the caller may read, by id. It reads one
// batch at a time, so a list is not one snapshot. It stops at the first error of yield. It
// fails as [account.Allow] says, and as yield does.
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
		// The store ends a batch early when pictures are large, and discards the rows
		// that it has read beyond. The next limit is therefore what this batch returned.
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
