package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// activityBefore is the time from before which retention removes entries. It fails
// with [ErrActivityChanged] for days that no operation sets.
func retentionCutoff(a account.ApplicationSettings, now time.Time) (time.Time, error) {
	if a.ActivityDays < account.MinActivityDays || a.ActivityDays > account.MaxActivityDays {
		return time.Time{}, fmt.Errorf("%w (the settings keep it for %d days, which nobody can set: nothing is removed)", account.ErrActivityChanged, a.ActivityDays)
	}
	return now.AddDate(0, 0, -a.ActivityDays), nil
}

// sweepActivity removes the entries that are older than the settings keep them,
// from the first one on up to the first that is not. It signs the last one
// removed as the anchor that the rest of the chain continues. Before it removes
// an entry it verifies its seal: otherwise who sets the time of an entry back
// would have the server remove it for him. It fails with [ErrActivityChanged]
// there, and removes nothing for a number of days that no operation sets.
func (s *Log) SweepActivity(ctx context.Context) error {
	for {
		settings, err := account.LoadApplicationSettings(ctx, s.store)
		if err != nil {
			return err
		}
		before, err := retentionCutoff(settings, s.now())
		if err != nil {
			s.log.ErrorContext(ctx, "retention of the activity log", "error", err)
			return err
		}
		anchor, err := s.store.ChainEnd(ctx, account.ChainAnchor)
		if err = s.CheckEnd(account.ChainAnchor, anchor, err); err != nil {
			return err
		}
		first, err := s.store.SealedActivity(ctx, anchor.Number, 0, 1)
		if err != nil || len(first) == 0 || !first[0].At.Before(before) {
			return err
		}
		err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			return s.removeActivity(ctx, tx, before)
		})
		if err != nil {
			return err
		}
	}
}

// removeActivity removes the first entries from before a time, at most sealRows.
func (s *Log) removeActivity(ctx context.Context, tx account.Tx, before time.Time) error {
	head, err := tx.LockChain(ctx)
	if err = s.CheckEnd(account.ChainHead, head, err); err != nil {
		return err
	}
	anchor, err := tx.ChainEnd(ctx, account.ChainAnchor)
	if err = s.CheckEnd(account.ChainAnchor, anchor, err); err != nil {
		return err
	}
	entries, err := tx.SealedActivity(ctx, anchor.Number, 0, sealRows)
	if err != nil {
		return err
	}
	moved := anchor
	for _, e := range entries {
		if !e.At.Before(before) {
			break
		}
		if e.Number != moved.Number+1 || e.Number > head.Number || !s.sealed(e, moved.Seal) {
			if moved.Number == anchor.Number {
				return fmt.Errorf("%w (number %d is not what was sealed, and is kept)", account.ErrActivityChanged, e.Number)
			}
			break
		}
		moved.Number, moved.At, moved.Seal = e.Number, e.At, e.Seal
	}
	if moved.Number == anchor.Number { // another server was faster
		return nil
	}
	if err := tx.DeleteSealedActivity(ctx, moved.Number); err != nil {
		return err
	}
	return tx.SaveChainEnd(ctx, account.ChainAnchor, s.sign(endPurpose(account.ChainAnchor), moved))
}
