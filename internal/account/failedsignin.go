package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// FailedSignIns counts the wrong passwords for one account from one source within
// one minute. The address that was typed is not kept: it may be a password in
// the wrong field.
//
// Each count costs its sender a password hash, and a source is stopped after 20,
// so a minute has no more counts than the processor has time for hashes.
type FailedSignIns struct {
	Minute        time.Time // its beginning
	ClientNetwork string
	UserID        int64 // 0: there is no such account
	Count         int
}

// failedSignInUnit is how long failures are counted before they become an entry.
const failedSignInUnit = time.Minute

// countFailedSignIn notes a wrong password for the activity log, if it is kept.
func (s *Service) countFailedSignIn(ctx context.Context, tx Tx, source string, userID int64, now time.Time) error {
	kept, err := s.keepsActivity(ctx, tx)
	if err != nil || !kept {
		return err
	}
	return tx.CountFailedSignIn(ctx, FailedSignIns{
		Minute: now.Truncate(failedSignInUnit), ClientNetwork: source, UserID: userID, Count: 1,
	})
}

// mergeFailedSignIns makes one entry of each count of a minute that is over.
// They were counted while the log was kept, so whether it still is does not matter.
func (s *Service) mergeFailedSignIns(ctx context.Context) error {
	past := s.now().Truncate(failedSignInUnit)
	for {
		due, err := s.store.FailedSignIns(ctx, past, 1)
		if err != nil || len(due) == 0 {
			return err
		}
		err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
			counts, err := tx.TakeFailedSignIns(ctx, past, sealRows)
			if err != nil {
				return err
			}
			entries := make([]Activity, len(counts))
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

func failedSignInEntry(ctx context.Context, tx Tx, f FailedSignIns) (Activity, error) {
	target := Target{Kind: access.EntityUser, ID: f.UserID}
	if f.UserID != 0 {
		switch c, err := tx.Credential(ctx, f.UserID); {
		case err == nil:
			target = c.target()
		case !errors.Is(err, ErrNotFound): // else the account is gone by now
			return Activity{}, err
		}
	}
	return Activity{
		At:    f.Minute,
		Actor: Actor{Credential: CredentialRef{Kind: CredentialNone}, ClientNetwork: f.ClientNetwork},
		Event: Event{Action: ActionSignInFailed, Target: target},
		Count: f.Count,
	}, nil
}
