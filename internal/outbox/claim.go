package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

const (
	// claimLease is how long a claimed message belongs to one worker. After a crash of that
	// worker, the next attempt starts when the lease ends. It is longer than the timeout of
	// every sender.
	claimLease = time.Minute

	// prepareRetry is the delay before the outbox prepares a message again after an error.
	prepareRetry = time.Minute
)

// retryDelay returns the delay between the failure of an attempt and the next attempt. The
// first attempt has the number 1.
func retryDelay(attempt int) time.Duration {
	delays := [...]time.Duration{
		5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
	}
	return delays[min(attempt, len(delays))-1]
}

// ClaimMail leases the next due message to the caller for one attempt. It returns nil
// when no message is due.
//
// The caller reports the outcome with [Outbox.MailDelivered] or [Outbox.MailFailed].
// Without a report the message is due again when the lease ends. Concurrent callers, on
// any server, never get the same message.
func (s *Outbox) ClaimMail(ctx context.Context) (*account.Delivery, error) {
	for {
		// Check first without a transaction: most polls find nothing.
		if _, err := s.store.DueMail(ctx, s.now()); err != nil {
			return nil, account.IgnoreNotFound(err)
		}
		var m account.Mail
		var d *account.Delivery
		err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
			if m, err = tx.LockDueMail(ctx, s.now()); err != nil {
				return err
			}
			if m.State == account.MailRequested {
				d, err = nil, s.preparer.PrepareRecovery(ctx, tx, m)
			} else {
				d, err = s.claim(ctx, tx, m)
			}
			return err
		})
		switch {
		case errors.Is(err, account.ErrNotFound): // another worker claimed it
			return nil, nil
		case err != nil && m.State == account.MailRequested && account.ErrorCode(err) == account.CodeInternal:
			s.log.ErrorContext(ctx, "cannot prepare a message", "mail", m.ID, "error", err)
			err = s.postpone(ctx, m)
		}
		if err != nil || d != nil {
			return d, err
		}
	}
}

// postpone sets the next attempt of a message that could not be prepared because of an
// internal error. Otherwise the message would block the messages after it in the queue.
func (s *Outbox) postpone(ctx context.Context, m account.Mail) error {
	postponed := m // it is only requested, so it has no encrypted content that a rotation could change
	postponed.NextAttempt = s.now().Add(prepareRetry)
	postponed.LastError = "the message could not be written"
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return tx.UpdateMail(ctx, postponed, m)
	}))
}

// claim counts an attempt before the attempt starts, and leases the message to the worker.
// It returns nil if the message has expired or cannot be decrypted, and marks the message
// as failed. If this server lacks the server key of the message, claim leaves the message to
// other servers, or to this one when it has the key.
func (s *Outbox) claim(ctx context.Context, tx *account.Tx, m account.Mail) (*account.Delivery, error) {
	now := s.now()
	claimed := m
	if !now.Before(m.Expires) {
		claimed.LastError = "it could not be delivered while it was of use"
		return nil, s.finish(ctx, tx, claimed, m, account.MailFailed)
	}
	message, err := s.open(m.ID, m.Sealed)
	if errors.Is(err, keyring.ErrNoKey) {
		s.log.ErrorContext(ctx, "cannot open a message", "mail", m.ID, "error", err)
		claimed.NextAttempt = now.Add(prepareRetry)
		claimed.LastError = "this server does not have the server key of the message"
		return nil, tx.UpdateMail(ctx, claimed, m)
	}
	if err != nil {
		claimed.LastError = "the stored message cannot be opened"
		return nil, s.finish(ctx, tx, claimed, m, account.MailFailed)
	}
	claimed.Attempts = m.Attempts + 1
	claimed.NextAttempt = now.Add(claimLease)
	if err := tx.UpdateMail(ctx, claimed, m); err != nil {
		return nil, err
	}
	return &account.Delivery{MailID: m.ID, Attempt: claimed.Attempts, Message: message}, nil
}

// MailDelivered records that a claimed message was delivered. It does nothing if the
// message has been claimed again since.
func (s *Outbox) MailDelivered(ctx context.Context, d *account.Delivery) error {
	return s.updateClaimed(ctx, d, func(ctx context.Context, tx *account.Tx, m account.Mail) error {
		delivered := m
		delivered.LastError = ""
		return s.finish(ctx, tx, delivered, m, account.MailDelivered)
	})
}

// MailFailed records that an attempt failed, and the cause for administrators. It schedules
// the next attempt, unless the failure is permanent or the message expires before that
// attempt. It does nothing if the message has been claimed again since.
func (s *Outbox) MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error {
	return s.updateClaimed(ctx, d, func(ctx context.Context, tx *account.Tx, m account.Mail) error {
		failed := m
		failed.LastError = cause
		failed.NextAttempt = s.now().Add(retryDelay(d.Attempt))
		if permanent || !failed.NextAttempt.Before(m.Expires) {
			return s.finish(ctx, tx, failed, m, account.MailFailed)
		}
		return tx.UpdateMail(ctx, failed, m)
	})
}

// updateClaimed runs f on the stored message of a delivery. It does nothing if the message
// was deleted, or claimed again since: then only the newer claim may change the message.
func (s *Outbox) updateClaimed(
	ctx context.Context, d *account.Delivery, f func(context.Context, *account.Tx, account.Mail) error,
) error {
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		m, err := tx.LockMail(ctx, d.MailID)
		if err != nil || m.State != account.MailReady || m.Attempts != d.Attempt {
			return err
		}
		return f(ctx, tx, m)
	}))
}

// finish moves a message to the final state and deletes its encrypted content. stored is the
// message as it is in the database.
func (s *Outbox) finish(ctx context.Context, tx *account.Tx, m, stored account.Mail, state account.MailState) error {
	m.State, m.Finished, m.Sealed = state, s.now(), keyring.Sealed{}
	return tx.UpdateMail(ctx, m, stored)
}
