package outbox

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// ResealMails encrypts at most limit messages, with ids above after, with the current server
// key. It skips messages that are encrypted with that key already, and rows that other
// transactions change at the same time.
//
// A message that can't be read stays as it is. If discard is set, ResealMails marks it as failed.
func (s *Outbox) ResealMails(
	ctx context.Context, tx *account.Tx, after int64, limit int, discard bool,
) (keyring.Resealed, error) {
	var done keyring.Resealed
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return done, err
	}
	mails, err := tx.OutdatedMails(ctx, id, after, limit)
	if err != nil {
		return done, err
	}
	for _, m := range mails {
		done.Last = m.ID
		message, err := s.open(m.ID, m.Sealed)
		if err != nil {
			done.Unreadable = append(done.Unreadable, fmt.Sprintf("message %d to %s", m.ID, m.Recipient))
			if !discard {
				continue
			}
			failed := m
			failed.LastError = "the stored message cannot be opened"
			err = s.finish(ctx, tx, failed, m, account.MailFailed)
		} else {
			sealed, sealErr := s.seal(ctx, tx, m.ID, message)
			if sealErr != nil {
				return done, sealErr
			}
			err = tx.ResealMail(ctx, m.ID, m.Sealed, sealed)
		}
		if account.IgnoreNotFound(err) != nil {
			return done, err
		}
		done.Rows++
	}
	return done, nil
}
