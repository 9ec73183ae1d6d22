package settings

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// group describes one group of settings: how to load, show and log it.
type group[T any] struct {
	name   string         // name of the group in the store
	target account.Target // target of the group's entries in the activity log
	load   func(ctx context.Context, r account.SettingReader) (T, error)
	// show loads the settings, and adds the operator's overrides and the fields that are not
	// stored in the group itself, such as PasswordSet.
	show func(ctx context.Context, r account.SettingReader) (T, error)
	// changes lists the changed fields for the activity log.
	changes func(now, was T) []account.FieldChange
	// stopsLog reports whether the settings turn the activity log off. nil: they never do.
	stopsLog func(now T) bool
}

// change is one update of a group of settings.
type change[T any] struct {
	permit auth.Permit
	// roles are the roles that the update names. The transaction takes a shared lock on them.
	roles []int64
	// apply returns the group after the update, and the changed secrets for the activity log. It
	// may run more than once.
	apply func(
		ctx context.Context, tx *account.Tx, caller *account.Principal, was T,
	) (now T, secrets []account.FieldChange, err error)
}

// update applies a change in one transaction and returns the group afterwards, as g.show loads
// it. It locks the group, so that two concurrent updates don't overwrite each other.
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

// store stores a group of settings and records its changes in the activity log. Without changes
// it does nothing.
//
// Whether the activity log is on depends on the settings that the transaction sees. A change
// that turns the log off is therefore recorded before it is stored, and is the last entry.
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
