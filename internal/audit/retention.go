package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// retentionCutoff returns the time before which entries are past their retention. It fails with
// [account.ErrActivityChanged] when the stored number of days is one that no operation can set.
func retentionCutoff(settings account.ApplicationSettings, now time.Time) (time.Time, error) {
	days := settings.ActivityDays
	if days < account.MinActivityDays || days > account.MaxActivityDays {
		return time.Time{}, fmt.Errorf("%w (the stored retention of %d days is out of range; nothing is removed)",
			account.ErrActivityChanged, days)
	}
	return now.AddDate(0, 0, -days), nil
}

// SweepActivity removes the entries that are past their retention. It begins with the oldest,
// and stops at the first entry to keep. It signs the last removed entry as the anchor, from
// which the chain continues.
//
// It verifies the seal of each entry before it removes that entry. Otherwise an attacker could
// make the server remove an entry by changing the entry's time. SweepActivity fails with
// [account.ErrActivityChanged] at an entry that somebody tampered with, and when the stored
// retention is one that no operation can set.
//
// While a rotation of the server key seals the chain again, SweepActivity removes nothing.
func (s *Log) SweepActivity(ctx context.Context) error {
	for {
		settings, err := account.LoadApplicationSettings(ctx, s.store)
		if err != nil {
			return err
		}
		cutoff, err := retentionCutoff(settings, s.now())
		if err != nil {
			s.log.ErrorContext(ctx, "retention of the activity log failed", "error", err)
			return err
		}
		anchor, err := s.store.ChainEnd(ctx, account.ChainAnchor)
		if err = s.verifyEnd(account.ChainAnchor, anchor, err); err != nil {
			return err
		}
		first, err := s.store.SealedActivity(ctx, anchor.Number, 0, 1)
		if err != nil || len(first) == 0 || !first[0].At.Before(cutoff) {
			return err
		}
		err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			return s.removeBatch(ctx, tx, cutoff)
		})
		if errors.Is(err, errResealing) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// errResealing means that a rotation of the server key seals the chain again at this time.
var errResealing = errors.New("the activity log is being sealed with a new server key")

// removeBatch removes the oldest entries from before cutoff, at most maxBatchEntries. It stops
// before an entry that somebody tampered with. If this is the first entry, it fails with
// [account.ErrActivityChanged]. It fails with errResealing during a rotation of the server key.
func (s *Log) removeBatch(ctx context.Context, tx *account.Tx, cutoff time.Time) error {
	head, err := s.lockHead(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.Resealing(ctx); !errors.Is(err, account.ErrNotFound) {
		return cmp.Or(err, errResealing)
	}
	anchor, err := s.readEnd(ctx, tx, account.ChainAnchor)
	if err != nil {
		return err
	}
	entries, err := tx.SealedActivity(ctx, anchor.Number, 0, maxBatchEntries)
	if err != nil {
		return err
	}
	newAnchor := anchor
	for _, e := range entries {
		if !e.At.Before(cutoff) {
			break
		}
		if e.Number != newAnchor.Number+1 || e.Number > head.Number || !s.isSealed(e, newAnchor.Seal) {
			if newAnchor.Number == anchor.Number {
				return fmt.Errorf("%w (the seal of number %d is wrong, so it is not removed)",
					account.ErrActivityChanged, e.Number)
			}
			break
		}
		newAnchor.Number, newAnchor.At, newAnchor.Seal = e.Number, e.At, e.Seal
	}
	if newAnchor.Number == anchor.Number { // another server has already removed the entries
		return nil
	}
	if err := tx.DeleteSealedActivity(ctx, newAnchor.Number); err != nil {
		return err
	}
	keyID, err := tx.SealingKey(ctx)
	if err != nil {
		return err
	}
	return s.saveEnd(ctx, tx, keyID, account.ChainAnchor, newAnchor)
}
