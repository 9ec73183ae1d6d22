package page

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// RoleLister lists roles. Package service implements it.
type RoleLister interface {
	// ListRoleSummaries calls yield for each role that the caller may read and whose id is greater
	// than afterID, in the order of ids. If yield fails, ListRoleSummaries stops and returns that
	// error.
	ListRoleSummaries(ctx context.Context, caller *account.Principal, afterID int64,
		yield func(account.RoleSummary) error) error
}

// errEnough stops ListRoleSummaries once ListRoles has reached its limit.
var errEnough = errors.New("limit reached")

// ListRoles returns at most limit roles that the caller may read and whose id is greater than
// afterID. It also reports whether there are more.
func (q *Request) ListRoles(
	roles RoleLister, afterID int64, limit int,
) (list []account.RoleSummary, more bool, err error) {
	err = roles.ListRoleSummaries(q.Context(), q.Caller, afterID, func(r account.RoleSummary) error {
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

// RoleNumber is how a page names a role that the caller can't read.
const RoleNumber locale.Phrase = "Role %s"
