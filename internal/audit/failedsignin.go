package audit

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// failedSignInUnit is how long failures are counted before they become an entry.
const failedSignInUnit = time.Minute

// countFailedSignIn notes a wrong password for the activity log, if it is kept.
func (s *Log) CountFailedSignIn(ctx context.Context, tx account.Tx, source string, userID int64, now time.Time) error {
	kept, err := s.keepsActivity(ctx, tx)
	if err != nil || !kept {
		return err
	}
	return tx.CountFailedSignIn(ctx, account.FailedSignIns{
		Minute: now.Truncate(failedSignInUnit), ClientNetwork: source, UserID: userID, Count: 1,
	})
}

// mergeFailedSignIns makes one entry of each count of a minute that is over.
// They were counted while the log was kept, so whether it still is does not matter.
func (s *Log) mergeFailedSignIns(ctx context.Context) error {
	past := s.now().Truncate(failedSignInUnit)
	for {
		due, err := s.store.FailedSignIns(ctx, past, 1)
		if err != nil || len(due) == 0 {
			return err
		}
		err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			counts, err := tx.TakeFailedSignIns(ctx, past, sealRows)
			if err != nil {
				return err
			}
			entries := make([]account.Activity, len(counts))
			for i, f := range counts {
				if entries[i], err = failedSignInEntry(ctx, tx, f); err != nil {
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

func failedSignInEntry(ctx context.Context, tx account.Tx, f account.FailedSignIns) (account.Activity, error) {
	target := account.Target{Kind: access.EntityUser, ID: f.UserID}
	if f.UserID != 0 {
		switch c, err := tx.Credential(ctx, f.UserID); {
		case err == nil:
			target = c.Target()
		case !errors.Is(err, account.ErrNotFound): // else the account is gone by now
			return account.Activity{}, err
		}
	}
	return account.Activity{
		At:    f.Minute,
		Actor: account.Actor{Credential: account.CredentialRef{Kind: account.CredentialNone}, ClientNetwork: f.ClientNetwork},
		Event: account.Event{Action: account.ActionSignInFailed, Target: target},
		Count: f.Count,
	}, nil
}
