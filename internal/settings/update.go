package settings

import (
	"cmp"
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// changeSettings is change for a group of settings, which f reads and stores. The
// roles that it comes to name are held.
func (s *Settings) updateSettingsAs(ctx context.Context, caller *account.Principal, group string, named []int64, f func(ctx context.Context, tx account.Tx, caller *account.Principal) error) error {
	lock := func(ctx context.Context, tx account.Tx) error {
		return cmp.Or(tx.LockSettings(ctx, group), tx.ShareLockRoles(ctx, named...))
	}
	return s.auth.UpdateLocked(ctx, caller, auth.NoUser, lock, f)
}

// storeChanged stores a group of settings and tells the activity log what is
// different from before. Where nothing is, it does nothing.
func storeChanged[T any](ctx context.Context, s *Settings, tx account.Tx, caller *account.Principal, name string, settings T, target account.Target, changes []account.FieldChange) error {
	if len(changes) == 0 {
		return nil
	}
	if err := account.SaveSettings(ctx, tx, name, settings); err != nil {
		return err
	}
	return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionSettingsUpdate, Target: target, Changes: changes})
}
