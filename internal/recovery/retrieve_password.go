package recovery

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Numbers of password recovery.
const (
	maxRecoveries      = 3 // live tokens of a kind a user
	recoveriesAnHour   = 3 // messages a user
	recoveryMailWindow = time.Hour
	recoveryWindow     = time.Hour
	recoveryPerSource  = 20 // requests a source
)

// ForgottenPassword asks for a recovery message. For every well-formed address
// it writes one row to the outbox and nothing else, so neither its answer nor
// its time tells whether there is an account; the look-up comes later. It fails
// with CodeInvalid, and with CodeTooManyRequests for a source that asks too often.
func (s *Recovery) ForgottenPassword(ctx context.Context, email string, from account.Origin) error {
	if _, ok := account.ParseEmail(email); !ok {
		return account.Invalid(account.Detail{Path: "/email", Message: "must be an e-mail address"})
	}
	err := s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		now := s.now()
		t, err := tx.LockThrottle(ctx, throttle.RecoveryKey(from.ClientNetwork))
		if err != nil {
			return err
		}
		if t.Count(now, recoveryWindow) > recoveryPerSource {
			return account.TooManyRequests(t.WindowStart.Add(recoveryWindow).Sub(now))
		}
		if err := tx.SaveThrottle(ctx, t); err != nil {
			return err
		}
		_, err = tx.InsertMail(ctx, account.Mail{
			Kind: account.MailRecovery, State: account.MailRequested, Address: email, ClientNetwork: from.ClientNetwork,
			Created: now, NextAttempt: now, Expires: now.Add(account.RecoveryLifetime),
		})
		return err
	})
	if err == nil {
		s.outbox.Wake()
	}
	return err
}

// RetrievePassword sets a new password by the token of a recovery message. It
// ends the lock, all sessions, keys and tokens of the user; it neither activates
// nor signs in. It fails with CodeInvalid for the password, with
// CodeInvalidRecoveryToken, which counts as a failed sign-in of the source, and
// with CodeTooManyRequests.
func (s *Recovery) RetrievePassword(ctx context.Context, recovery, password secret.Text, from account.Origin) error {
	if err := account.ValidateNewPassword(password, "/newPassword"); err != nil {
		return err
	}
	ticket, err := s.auth.AcquireHashSlot(from.ClientNetwork)
	if err != nil {
		return err
	}
	defer ticket.Release()

	hash, parseErr := token.Parse(token.Recovery, recovery)
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		if err := auth.CheckNetwork(ctx, tx, from.ClientNetwork, s.now()); err != nil {
			return err
		}
		if parseErr != nil {
			return account.ErrNotFound
		}
		_, err := s.liveRecovery(ctx, tx, hash)
		return err
	})
	if errors.Is(err, account.ErrNotFound) {
		return s.badRecovery(ctx, from.ClientNetwork)
	}
	if err != nil {
		return err
	}
	passwordHash, err := ticket.Hash(ctx, account.NormalizePassword(password))
	if err != nil {
		return err
	}
	var userID int64
	err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		r, err := s.liveRecovery(ctx, tx, hash)
		if err != nil {
			return err
		}
		userID = r.UserID
		if err := s.auth.ResetPassword(ctx, tx, userID, auth.PasswordReset{Hash: passwordHash}); err != nil {
			return err
		}
		if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(userID)); err != nil {
			return err
		}
		if err := tx.SaveKnownNetwork(ctx, userID, from.ClientNetwork, s.now()); err != nil {
			return err
		}
		c, err := tx.Credential(ctx, userID)
		if err != nil {
			return err
		}
		actor := account.Actor{ID: userID, Name: c.Email, Credential: account.CredentialRef{Kind: account.CredentialMailToken}, ClientNetwork: from.ClientNetwork}
		return s.audit.RecordAs(ctx, tx, actor, account.Event{Action: account.ActionPasswordRecover, Target: c.Target()})
	})
	if errors.Is(err, account.ErrNotFound) { // used by another request in the meantime
		return s.badRecovery(ctx, from.ClientNetwork)
	}
	if err == nil {
		s.passwordChanged(userID)
	}
	return err
}

// liveRecovery returns the token's recovery, or ErrNotFound unless it can be
// used now by an active local user, who may have no password yet. It locks the
// user: of two uses of a token, one comes first.
func (s *Recovery) liveRecovery(ctx context.Context, tx account.Tx, hash token.Hash) (account.Recovery, error) {
	found, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return account.Recovery{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return account.Recovery{}, err
	}
	r, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return account.Recovery{}, err
	}
	c, err := tx.Credential(ctx, r.UserID)
	if err == nil && (!c.Active || c.Provider != account.ProviderLocal || !s.now().Before(r.Expires)) {
		err = account.ErrNotFound
	}
	return r, err
}

// badRecovery counts a token that does not work against its source.
func (s *Recovery) badRecovery(ctx context.Context, source string) error {
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx account.Tx) error {
		return auth.FailNetwork(ctx, tx, source, s.now())
	})
	if err != nil {
		return err
	}
	return &account.Error{
		Code: account.CodeInvalidRecoveryToken, Message: "The recovery token is not valid, was used, or is too old. Ask for a new message.",
		Details: []account.Detail{{Path: "/token", Message: "is not a token that can be used now"}},
	}
}
