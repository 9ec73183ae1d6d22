package page

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// RoleLister lists roles.
type RoleLister interface {
	// ListRoleSummaries calls yield with the roles after an id that the caller may read,
	// in the order of their ids, until it fails, and returns its error.
	ListRoleSummaries(ctx context.Context, caller *account.Principal, after int64,
		yield func(account.RoleSummary) error) error
}

// errEnough ends a list that has reached its limit.
var errEnough = errors.New("limit reached")

// ListRoles returns the first roles after an id that the caller may read, at most limit,
// and whether there are more.
func (q *Request) ListRoles(
	roles RoleLister, after int64, limit int,
) (list []account.RoleSummary, more bool, err error) {
	err = roles.ListRoleSummaries(q.Context(), q.Caller, after, func(r account.RoleSummary) error {
		if len(list) == limit {
			return errEnough
		}
		list = append(list, r)
		return nil
	})
	if errors.Is(err, errEnough) {
		return list, true, nil
	}
	return list, false, err
}

// RoleNumber names a role that the caller can't read.
const RoleNumber locale.Phrase = "Role %s"
