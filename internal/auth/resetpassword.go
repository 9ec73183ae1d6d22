package auth

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// hashNew hashes one password that is to be set.
func (s *Auth) HashNew(ctx context.Context, password secret.Text) (string, error) {
	ticket, err := s.AcquireHashSlot("administration")
	if err != nil {
		return "", err
	}
	defer ticket.Release()
	return ticket.Hash(ctx, account.NormalizePassword(password))
}

// reset is a password that is set without the current one.
type PasswordReset struct {
	Hash      string
	NeedReset bool // its owner must choose another at the next sign-in
	KeepKeys  bool
}

// resetPassword sets a password, and ends all that let somebody in by the old
// one.
func (s *Auth) ResetPassword(ctx context.Context, tx account.Tx, userID int64, r PasswordReset) error {
	if err := tx.SetPassword(ctx, userID, r.Hash, r.NeedReset, s.now()); err != nil {
		return err
	}
	if !r.KeepKeys {
		if err := tx.DeleteAPIKeysOf(ctx, userID); err != nil {
			return err
		}
	}
	return EndAccess(ctx, tx, userID)
}

// endAccess ends all that lets somebody in as the user without a password, but for
// the keys.
func EndAccess(ctx context.Context, tx account.Tx, userID int64) error {
	if err := tx.DeleteSessionsOf(ctx, userID, 0); err != nil {
		return err
	}
	return tx.DeleteRecoveriesOf(ctx, userID)
}
