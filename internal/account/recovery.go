package account

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// Numbers of password recovery.
const (
	RecoveryLifetime   = 30 * time.Minute
	maxRecoveries      = 3 // live tokens of a kind a user
	recoveriesAnHour   = 3 // messages a user
	recoveryMailWindow = time.Hour
	recoveryWindow     = time.Hour
	recoveryPerSource  = 20 // requests a source
)

// Recovery is a token that lets who holds it choose a new password once.
type Recovery struct {
	UserID  int64
	Kind    MailKind // of the message that it was sent with: MailRecovery or MailInvitation
	Created time.Time
	Expires time.Time
}

// ForgottenPassword asks for a recovery message. For every well-formed address
// it writes one row to the outbox and nothing else, so neither its answer nor
// its time tells whether there is an account; the look-up comes later. It fails
// with CodeInvalid, and with CodeTooManyRequests for a source that asks too often.
func (s *Service) ForgottenPassword(ctx context.Context, email string, from Origin) error {
	if _, ok := ParseEmail(email); !ok {
		return Invalid(Detail{"/email", "must be an e-mail address"})
	}
	err := s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		now := s.now()
		t, err := tx.LockThrottle(ctx, throttle.RecoveryKey(from.ClientNetwork))
		if err != nil {
			return err
		}
		if t.Count(now, recoveryWindow) > recoveryPerSource {
			return tooMany(t.WindowStart.Add(recoveryWindow).Sub(now))
		}
		if err := tx.SaveThrottle(ctx, t); err != nil {
			return err
		}
		_, err = tx.InsertMail(ctx, Mail{
			Kind: MailRecovery, State: MailRequested, Address: email, ClientNetwork: from.ClientNetwork,
			Created: now, NextAttempt: now, Expires: now.Add(RecoveryLifetime),
		})
		return err
	})
	if err == nil {
		s.wakeMail()
	}
	return err
}

// RetrievePassword sets a new password by the token of a recovery message. It
// ends the lock, all sessions, keys and tokens of the user; it neither activates
// nor signs in. It fails with CodeInvalid for the password, with
// CodeInvalidRecoveryToken, which counts as a failed sign-in of the source, and
// with CodeTooManyRequests.
func (s *Service) RetrievePassword(ctx context.Context, recovery, password secret.Text, from Origin) error {
	if err := checkNewPassword(password, "/newPassword"); err != nil {
		return err
	}
	ticket, err := s.acquireHashSlot(from.ClientNetwork)
	if err != nil {
		return err
	}
	defer ticket.Release()

	hash, parseErr := token.Parse(token.Recovery, recovery)
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		if err := checkNetwork(ctx, tx, from.ClientNetwork, s.now()); err != nil {
			return err
		}
		if parseErr != nil {
			return ErrNotFound
		}
		_, err := s.liveRecovery(ctx, tx, hash)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return s.badRecovery(ctx, from.ClientNetwork)
	}
	if err != nil {
		return err
	}
	passwordHash, err := ticket.Hash(ctx, normalPassword(password))
	if err != nil {
		return err
	}
	var userID int64
	err = s.store.Write(ctx, func(ctx context.Context, tx Tx) error {
		r, err := s.liveRecovery(ctx, tx, hash)
		if err != nil {
			return err
		}
		userID = r.UserID
		if err := s.resetPassword(ctx, tx, userID, reset{hash: passwordHash}); err != nil {
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
		actor := Actor{userID, c.Email, CredentialRef{Kind: CredentialMailToken}, from.ClientNetwork}
		return s.recordAs(ctx, tx, actor, Event{Action: ActionPasswordChoose, Target: c.target()})
	})
	if errors.Is(err, ErrNotFound) { // used by another request in the meantime
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
func (s *Service) liveRecovery(ctx context.Context, tx Tx, hash token.Hash) (Recovery, error) {
	found, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return Recovery{}, err
	}
	if err := tx.LockUsers(ctx, found.UserID); err != nil {
		return Recovery{}, err
	}
	r, err := tx.RecoveryByHash(ctx, hash)
	if err != nil {
		return Recovery{}, err
	}
	c, err := tx.Credential(ctx, r.UserID)
	if err == nil && (!c.Active || c.Provider != ProviderLocal || !s.now().Before(r.Expires)) {
		err = ErrNotFound
	}
	return r, err
}

// badRecovery counts a token that does not work against its source.
func (s *Service) badRecovery(ctx context.Context, source string) error {
	err := s.store.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		return failNetwork(ctx, tx, source, s.now())
	})
	if err != nil {
		return err
	}
	return &Error{
		Code: CodeInvalidRecoveryToken, Message: "The recovery token is not valid, was used, or is too old. Ask for a new message.",
		Details: []Detail{{"/token", "is not a token that can be used now"}},
	}
}
