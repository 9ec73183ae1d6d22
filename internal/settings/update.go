package settings

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// group describes one group of settings: how it is loaded, shown and logged.
type group[T any] struct {
	name   string         // in the store
	target account.Target // in the activity log
	load   func(ctx context.Context, r account.SettingReader) (T, error)
	// show is load with the operator's overrides and the fields that other rows hold.
	show func(ctx context.Context, r account.SettingReader) (T, error)
	// changes lists the fields that differ, for the activity log.
	changes func(now, was T) []account.FieldChange
	// stopsLog reports whether the settings switch the activity log off; nil: never.
	stopsLog func(now T) bool
}

// change is one update of a group.
type change[T any] struct {
	permit auth.Permit
	// roles are the roles that the update refers to. The update share-locks them.
	roles []int64
	// apply returns the group after the update, and the changes of its secrets. It may
	// run more than once.
	apply func(
		ctx context.Context, tx *account.Tx, caller *account.Principal, was T,
	) (now T, secrets []account.FieldChange, err error)
}

// update applies a change in one transaction and returns the group as it is shown then.
// It locks the group, so that of two concurrent updates both are kept.
func update[T any](ctx context.Context, s *Settings, g group[T], c change[T]) (shown T, err error) {
	lock := func(ctx context.Context, tx *account.Tx) error {
		if err := tx.LockSettings(ctx, g.name); err != nil {
			return err
		}
		return tx.ShareLockRoles(ctx, c.roles...)
	}
	work := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		was, err := g.load(ctx, tx)
		if err != nil {
			return err
		}
		now, secrets, err := c.apply(ctx, tx, caller, was)
		if err != nil {
			return err
		}
		if err := store(ctx, s, tx, caller, g, now, append(g.changes(now, was), secrets...)); err != nil {
			return err
		}
		shown, err = g.show(ctx, tx)
		return err
	}
	err = s.auth.UpdateLocked(ctx, c.permit, auth.NoUser, lock, work)
	return shown, err
}

// store stores a group and records its changes. Without changes it does nothing.
//
// The activity log records a change by the settings that the transaction sees. A change
// that switches the log off is therefore recorded before it is stored, and is the last
// entry.
func store[T any](
	ctx context.Context, s *Settings, tx *account.Tx, caller *account.Principal,
	g group[T], now T, changes []account.FieldChange,
) error {
	if len(changes) == 0 {
		return nil
	}
	event := account.Event{Action: account.ActionSettingsUpdate, Target: g.target, Changes: changes}
	if g.stopsLog != nil && g.stopsLog(now) {
		if err := s.audit.Record(ctx, tx, caller, event); err != nil {
			return err
		}
		return account.SaveSettings(ctx, tx, g.name, now)
	}
	if err := account.SaveSettings(ctx, tx, g.name, now); err != nil {
		return err
	}
	return s.audit.Record(ctx, tx, caller, event)
}
