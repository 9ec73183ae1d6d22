package service

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

const (
	mailLife = 30 * 24 * time.Hour // of the trace of a message that has left
	// maxUnknown is how many counters of addresses without an account are kept.
	maxUnknown = 1_000_000
	// sweepRows is how many rows one transaction deletes, so that no sign-in
	// waits long behind it.
	sweepRows = 10_000
)

// Sweep deletes what has no use any more: expired sessions, keys and tokens, idle
// counters, imports that nobody went on with, the traces of messages and imports of
// long ago, and entries of the activity log that are older than the settings keep
// them.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	return errors.Join(
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			settings, err := account.LoadServerSettings(ctx, tx)
			if err != nil {
				return 0, err
			}
			return tx.DeleteExpiredSessions(ctx, now.Add(-settings.SessionAbsolute), now.Add(-settings.SessionIdle), sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteExpiredAPIKeys(ctx, now.Add(-apikey.ExpiredKeyRetention), sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteExpiredRecoveries(ctx, now, sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteIdleThrottles(ctx, now.Add(-throttle.CounterTTL), now, sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			there, err := tx.CountUnknownThrottles(ctx)
			if err != nil || there <= maxUnknown {
				return 0, err
			}
			return tx.DeleteUnknownThrottles(ctx, now, min(there-maxUnknown, sweepRows))
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteKnownNetworks(ctx, now.Add(-auth.KnownNetworkTTL), sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteFinishedMails(ctx, now.Add(-mailLife), sweepRows)
		}),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteAuthChanges(ctx, auth.ChangeRetention, sweepRows)
		}),
		s.Log.SweepActivity(ctx),
		s.Imports.SweepImports(ctx),
		s.sweep(ctx, func(ctx context.Context, tx account.Tx) (int, error) {
			return tx.DeleteEndedImports(ctx, now.Add(-userimport.Retention), sweepRows)
		}),
	)
}

// sweep runs a deletion, each time in a transaction of its own, until it finds
// less than it may take.
func (s *Service) sweep(ctx context.Context, deleteSome func(context.Context, account.Tx) (int, error)) error {
	for {
		deleted := 0
		err := s.store.Write(ctx, func(ctx context.Context, tx account.Tx) (err error) {
			deleted, err = deleteSome(ctx, tx)
			return err
		})
		if err != nil || deleted < sweepRows {
			return err
		}
	}
}
