package service

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

const (
	// mailRetention is how long the row of a finished message is kept.
	mailRetention = 30 * 24 * time.Hour
	// maxUnknown is how many counters of addresses without an account are kept.
	maxUnknown = 1_000_000
	// sweepRows is how many rows one transaction deletes, so that no sign-in waits long
	// for it.
	sweepRows = 10_000
)

// deletion deletes at most sweepRows rows and returns how many it deleted.
type deletion func(ctx context.Context, tx *account.Tx) (deleted int, err error)

// Sweep deletes rows that are no longer needed: expired sessions, keys and tokens, idle
// counters, old messages, old invalidations, and entries of the activity log past their
// retention. It undoes idle imports and deletes the rows of old ones. A failure of one
// part does not stop the others.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	deletions := []deletion{
		func(ctx context.Context, tx *account.Tx) (int, error) {
			settings, err := account.LoadServerSettings(ctx, tx)
			if err != nil {
				return 0, err
			}
			createdBefore, seenBefore := now.Add(-settings.SessionAbsolute), now.Add(-settings.SessionIdle)
			return tx.DeleteExpiredSessions(ctx, createdBefore, seenBefore, sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteExpiredAPIKeys(ctx, now.Add(-apikey.ExpiredKeyRetention), sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteExpiredRecoveries(ctx, now, sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteIdleThrottles(ctx, now.Add(-lockout.CounterTTL), now, sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			count, err := tx.CountUnknownThrottles(ctx)
			if err != nil || count <= maxUnknown {
				return 0, err
			}
			return tx.DeleteUnknownThrottles(ctx, now, min(count-maxUnknown, sweepRows))
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteKnownNetworks(ctx, now.Add(-auth.KnownNetworkTTL), sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteFinishedMails(ctx, now.Add(-mailRetention), sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteAuthChanges(ctx, auth.ChangeRetention, sweepRows)
		},
	}
	var errs []error
	for _, d := range deletions {
		errs = append(errs, s.deleteAll(ctx, d))
	}
	errs = append(errs, s.Log.SweepActivity(ctx), s.Imports.SweepImports(ctx))
	deleteImports := func(ctx context.Context, tx *account.Tx) (int, error) {
		return tx.DeleteEndedImports(ctx, now.Add(-userimport.Retention), sweepRows)
	}
	errs = append(errs, s.deleteAll(ctx, deleteImports)) // after the sweep, which may end imports
	return errors.Join(errs...)
}

// deleteAll runs a deletion, each time in its own transaction, until it deletes fewer
// rows than it may.
func (s *Service) deleteAll(ctx context.Context, d deletion) error {
	for {
		deleted := 0
		err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
			deleted, err = d(ctx, tx)
			return err
		})
		if err != nil || deleted < sweepRows {
			return err
		}
	}
}
