package audit

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// failedSignInInterval is the length of the period whose failed sign-ins become one entry.
const failedSignInInterval = time.Minute

// CountFailedSignIn counts one wrong password for the activity log, if the log is enabled.
// network is the client network. userID is 0 when no account has the submitted address.
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

// mergeFailedSignIns turns the count of each past minute into an entry of the log. Failures were
// counted only while the log was enabled, so all of them are merged even if the log is disabled
// now.
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

// failedSignInEntry returns the entry for a count. The target has no name when the account
// doesn't exist or was deleted meanwhile.
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
