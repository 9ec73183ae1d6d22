package audit

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// failedSignInInterval is the period whose failures are merged into one entry.
const failedSignInInterval = time.Minute

// CountFailedSignIn counts a wrong password for the activity log, if the log is enabled. network is
// the client network; userID is 0 for an address without an account.
func (s *Log) CountFailedSignIn(
	ctx context.Context, tx *account.Tx, network string, userID int64, now time.Time,
) error {
	enabled, err := s.isEnabled(ctx, tx)
	if err != nil || !enabled {
		return err
	}
	return tx.CountFailedSignIn(ctx, account.FailedSignIns{
		Minute: now.Truncate(failedSignInInterval), ClientNetwork: network, UserID: userID, Count: 1,
	})
}

// mergeFailedSignIns turns each count of a past minute into an entry. The failures were counted
// while the log was enabled, so it doesn't matter whether the log still is.
func (s *Log) mergeFailedSignIns(ctx context.Context) error {
	before := s.now().Truncate(failedSignInInterval)
	for {
		pending, err := s.store.FailedSignIns(ctx, before, 1)
		if err != nil || len(pending) == 0 {
			return err
		}
		err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			counts, err := tx.TakeFailedSignIns(ctx, before, maxBatchEntries)
			if err != nil {
				return err
			}
			entries := make([]account.Activity, len(counts))
			for i, count := range counts {
				if entries[i], err = failedSignInEntry(ctx, tx, count); err != nil {
					return err
				}
			}
			return tx.InsertActivity(ctx, entries...)
		})
		if err != nil {
			return err
		}
	}
}

// failedSignInEntry returns the entry for a count. Its target has no name when the account doesn't
// exist, or was deleted since.
func failedSignInEntry(ctx context.Context, tx *account.Tx, f account.FailedSignIns) (account.Activity, error) {
	target := account.Target{Kind: access.EntityUser, ID: f.UserID}
	if f.UserID != 0 {
		c, err := tx.Credential(ctx, f.UserID)
		switch {
		case err == nil:
			target = c.Target()
		case !errors.Is(err, account.ErrNotFound):
			return account.Activity{}, err
		}
	}
	return account.Activity{
		At: f.Minute,
		Actor: account.Actor{
			Credential: account.CredentialRef{Kind: account.CredentialNone}, ClientNetwork: f.ClientNetwork,
		},
		Event: account.Event{Action: account.ActionSignInFailed, Target: target},
		Count: f.Count,
	}, nil
}
