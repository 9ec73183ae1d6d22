package role

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// changeRole is change for a role, which f is given. The caller may do the action
// with it, covers it, and it is not built in.
func (s *Roles) updateRoleAs(ctx context.Context, caller *account.Principal, action access.Action, id int64,
	f func(ctx context.Context, tx account.Tx, caller *account.Principal, was access.Role) error,
) error {
	if err := account.Allow(caller, action, access.EntityRole, id); err != nil {
		return err
	}
	lock := func(ctx context.Context, tx account.Tx) error { return tx.LockRoles(ctx, id) }
	return s.auth.UpdateLocked(ctx, caller, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		was, err := requireMayChange(ctx, tx, caller, action, id)
		if err != nil {
			return err
		}
		return f(ctx, tx, caller, was)
	})
}
