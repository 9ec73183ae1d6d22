package recovery

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// Limits of the requests for recovery messages, and of the messages to one user.
const (
	maxRequests   = 20 // per client network in requestWindow
	requestWindow = time.Hour

	maxRecoveryMails   = 3 // per user in recoveryMailWindow
	recoveryMailWindow = time.Hour
)

// ForgottenPassword requests a recovery message for an e-mail address.
//
// For every well-formed address it writes one row to the outbox and nothing else. So
// neither the response nor its timing tells whether an account exists.
// [Recovery.PrepareRecovery] looks up the account later. ForgottenPassword fails with
// CodeInvalid for a malformed address, and with CodeTooManyRequests when the client network
// exceeds maxRequests.
func (s *Recovery) ForgottenPassword(ctx context.Context, email string, from account.Origin) error {
	if _, ok := account.ParseNewEmail(email); !ok {
		return account.Invalid(account.Detail{Path: "/email", Message: "must be an e-mail address"})
	}
	err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		now := s.now()
		if err := s.countRequest(ctx, tx, from.ClientNetwork, now); err != nil {
			return err
		}
		_, err := tx.InsertMail(ctx, account.Mail{
			Kind: account.MailRecovery, State: account.MailRequested,
			Address: email, ClientNetwork: from.ClientNetwork,
			Created: now, NextAttempt: now, Expires: now.Add(account.RecoveryLifetime),
		})
		return err
	})
	if err == nil {
		s.outbox.Wake()
	}
	return err
}

// countRequest counts a request of a client network. It fails with CodeTooManyRequests when the
// network exceeds maxRequests and is not exempt.
func (s *Recovery) countRequest(ctx context.Context, tx *account.Tx, network string, now time.Time) error {
	if s.auth.IsExempt(network) {
		return nil
	}
	counter, err := tx.LockThrottle(ctx, lockout.RecoveryKey(network))
	if err != nil {
		return err
	}
	if counter.Count(now, requestWindow) > maxRequests {
		return account.TooManyRequests(counter.WindowStart.Add(requestWindow).Sub(now))
	}
	return tx.SaveThrottle(ctx, counter)
}

// PrepareRecovery looks up the account of a requested message and composes the message. It deletes
// the message if the message has expired or no active local user has the address. It also deletes
// the message if the user got maxRecoveryMails in the last hour. The caller has locked the message.
func (s *Recovery) PrepareRecovery(ctx context.Context, tx *account.Tx, m account.Mail) error {
	now := s.now()
	key, _ := account.ParseEmail(m.Address)
	c, err := auth.LockByEmail(ctx, tx, key)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return err
	}
	sent := 0
	if err == nil {
		if sent, err = tx.CountMails(ctx, c.UserID, m.Kind, now.Add(-recoveryMailWindow)); err != nil {
			return err
		}
	}
	if !c.Active || c.Provider != account.ProviderLocal || sent >= maxRecoveryMails || !now.Before(m.Expires) {
		s.log.InfoContext(ctx, "recovery message dropped",
			"mail", m.ID, "user", c.UserID, "active", c.Active, "sent_this_hour", sent)
		return tx.DeleteMail(ctx, m.ID)
	}
	content, expires, err := s.issueToken(ctx, tx, c.UserID, account.MailRecovery, account.RecoveryLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = m.ClientNetwork
	return s.outbox.Compose(ctx, tx, m, account.User{
		ID: c.UserID, Profile: account.Profile{Name: c.Name}, Email: c.Email,
	}, content, expires)
}
