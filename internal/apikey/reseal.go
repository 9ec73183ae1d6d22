package apikey

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// ResealKeys encrypts the texts of at most limit contract keys, with ids above after, with the
// current server key. It skips texts that are encrypted with that key already, and rows that
// other transactions change at the same time.
//
// A text that can't be read stays as it is. If discard is set, ResealKeys deletes the text: the
// key continues to work, but its owner can't read it again.
func (s *Keys) ResealKeys(
	ctx context.Context, tx *account.Tx, after int64, limit int, discard bool,
) (keyring.Resealed, error) {
	var done keyring.Resealed
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return done, err
	}
	keys, err := tx.OutdatedAPIKeys(ctx, id, after, limit)
	if err != nil {
		return done, err
	}
	for _, key := range keys {
		done.Last = key.ID
		var sealed keyring.Sealed
		if text, err := s.openKey(key); err == nil {
			if sealed, err = s.sealKey(ctx, tx, key, text); err != nil {
				return done, err
			}
		} else {
			done.Unreadable = append(done.Unreadable, fmt.Sprintf("the text of API key %d of user %d", key.ID, key.UserID))
			if !discard {
				continue
			}
		}
		err := tx.ResealAPIKey(ctx, key.ID, key.Sealed, sealed)
		if account.IgnoreNotFound(err) != nil {
			return done, err
		}
		done.Rows++
	}
	return done, nil
}
