package role

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// updateRoleAs is [auth.Auth.UpdateLocked] for one role, which it locks and gives to f.
// The permit is for that role, the caller covers it, and it is not built in.
func (s *Roles) updateRoleAs(ctx context.Context, permit auth.Permit, id int64,
	f func(ctx context.Context, tx account.Tx, caller *account.Principal, was access.Role) error,
) error {
	lock := func(ctx context.Context, tx account.Tx) error { return tx.LockRoles(ctx, id) }
	return s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		was, err := requireMayChange(ctx, tx, caller, id)
		if err != nil {
			return err
		}
		return f(ctx, tx, caller, was)
	})
}
