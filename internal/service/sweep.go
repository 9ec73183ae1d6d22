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
	// mailRetention is how long a delivered or failed message stays in the database.
	mailRetention = 30 * 24 * time.Hour
	// maxStrangerRows limits the rows of each kind that anyone can create: counters of addresses
	// without an account and of client networks, and requests for recovery messages. Sweep deletes
	// the oldest of those in excess.
	maxStrangerRows = 1_000_000
	// sweepRows limits the rows that one transaction deletes, so that a concurrent sign-in
	// does not wait long.
	sweepRows = 10_000
)

// deletion deletes at most sweepRows rows and returns the number of deleted rows.
type deletion func(ctx context.Context, tx *account.Tx) (deleted int, err error)

// Sweep deletes rows that are no longer needed: expired sessions, keys and tokens, unused
// sign-in counters, old messages, old cache invalidations, and old entries of the activity
// log. It undoes imports that are idle, and deletes imports that were completed long ago.
// If one part fails, Sweep continues with the others.
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
			return tx.DeleteKnownNetworks(ctx, now.Add(-auth.KnownNetworkTTL), sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteFinishedMails(ctx, now.Add(-mailRetention), sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteExcessRequests(ctx, s.maxStrangerRows, sweepRows)
		},
		func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.DeleteAuthChanges(ctx, auth.ChangeRetention, sweepRows)
		},
	}
	for _, prefix := range lockout.StrangerPrefixes() {
		deletions = append(deletions, func(ctx context.Context, tx *account.Tx) (int, error) {
			count, err := tx.CountThrottles(ctx, prefix)
			if err != nil || count <= s.maxStrangerRows {
				return 0, err
			}
			return tx.DeleteOldestThrottles(ctx, prefix, now, min(count-s.maxStrangerRows, sweepRows))
		})
	}
	var errs []error
	for _, d := range deletions {
		errs = append(errs, s.deleteAll(ctx, d))
	}
	errs = append(errs, s.Log.SweepActivity(ctx), s.Imports.SweepImports(ctx))
	deleteImports := func(ctx context.Context, tx *account.Tx) (int, error) {
		return tx.DeleteEndedImports(ctx, now.Add(-userimport.Retention), sweepRows)
	}
	errs = append(errs, s.deleteAll(ctx, deleteImports)) // last, because SweepImports can complete imports
	return errors.Join(errs...)
}

// deleteAll runs d in a transaction of its own, again and again, until d deletes fewer than
// sweepRows rows.
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
