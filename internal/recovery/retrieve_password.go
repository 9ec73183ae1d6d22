package recovery

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// RetrievePassword sets a new password for the user of a recovery token.
//
// It unlocks the user and revokes all of their sessions, keys and tokens. It neither activates the
// user nor signs them in. It fails with CodeInvalid if the password is not allowed. If the token is
// not valid, it fails with CodeInvalidRecoveryToken and counts a failed sign-in from the client
// network. It fails with CodeTooManyRequests after too many failures from the network, and with
// CodeUnavailable when the queue for password hashing is full.
func (s *Recovery) RetrievePassword(ctx context.Context, recovery, password secret.Text, from account.Origin) error {
	if err := account.ValidateNewPassword(password, "/newPassword"); err != nil {
		return err
	}
	slot, err := s.auth.AcquireHashSlot(from.ClientNetwork)
	if err != nil {
		return err
	}
	defer slot.Release()

	hash, parseErr := token.Parse(token.Recovery, recovery)
	// Check the token first: hashing the password is expensive.
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		if err := s.auth.CheckNetwork(ctx, tx, from.ClientNetwork, s.now()); err != nil {
			return err
		}
		if parseErr != nil {
			return account.ErrNotFound
		}
		_, err := s.liveRecovery(ctx, tx, hash)
		return err
	})
	if errors.Is(err, account.ErrNotFound) {
		return s.rejectToken(ctx, from.ClientNetwork)
	}
	if err != nil {
		return err
	}
	passwordHash, err := slot.Hash(ctx, account.NormalizePassword(password))
	if err != nil {
		return err
	}
	var userID int64
	err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
		userID, err = s.redeem(ctx, tx, hash, passwordHash, from)
		return err
	})
	if errors.Is(err, account.ErrNotFound) { // a concurrent request used the token
		return s.rejectToken(ctx, from.ClientNetwork)
	}
	if err == nil {
		s.passwordChanged(userID)
	}
	return err
}

// redeem sets the password of the token's user and returns the user's id. It fails with
// [account.ErrNotFound] when the token is no longer valid.
func (s *Recovery) redeem(
	ctx context.Context, tx *account.Tx, hash token.Hash, passwordHash string, from account.Origin,
) (int64, error) {
	r, err := s.liveRecovery(ctx, tx, hash)
	if err != nil {
		return 0, err
	}
	user, err := tx.User(ctx, r.UserID, s.now())
	if err != nil {
		return 0, err
	}
	reset := auth.PasswordReset{Hash: passwordHash, ClientNetwork: from.ClientNetwork}
	if err := s.auth.ResetPassword(ctx, tx, user, reset); err != nil {
		return 0, err
	}
	if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(r.UserID)); err != nil {
		return 0, err
	}
	if err := tx.SaveKnownNetwork(ctx, r.UserID, from.ClientNetwork, s.now()); err != nil {
		return 0, err
	}
	c, err := tx.Credential(ctx, r.UserID)
	if err != nil {
		return 0, err
	}
	actor := account.Actor{
		ID: r.UserID, Name: c.Email, ClientNetwork: from.ClientNetwork,
		Credential: account.CredentialRef{Kind: account.CredentialMailToken},
	}
	return r.UserID, s.audit.RecordAs(ctx, tx, actor, account.Event{
		Action: account.ActionPasswordRecover, Target: c.Target(),
	})
}
