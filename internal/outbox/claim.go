package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

const (
	// claimLease is how long a worker has for one attempt. A crash during an attempt
	// delays the next one by this time. Transports time out well before.
	claimLease = time.Minute

	// prepareRetry is the delay after a message could not be prepared.
	prepareRetry = time.Minute
)

// retryDelay returns how long to wait after an attempt, counted from 1, has failed.
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

// postpone delays a message that could not be prepared because of an internal error, so
// that it does not block the messages after it.
func (s *Outbox) postpone(ctx context.Context, m account.Mail) error {
	postponed := m
	postponed.NextAttempt = s.now().Add(prepareRetry)
	postponed.LastError = "the message could not be written"
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return tx.UpdateMail(ctx, postponed, m)
	}))
}

// claim counts an attempt before it starts, and leases the message to the worker. It
// returns nil when it gives the message up: it has expired or cannot be opened.
func (s *Outbox) claim(ctx context.Context, tx *account.Tx, m account.Mail) (*account.Delivery, error) {
	now := s.now()
	claimed := m
	if !now.Before(m.Expires) {
		claimed.LastError = "it could not be delivered while it was of use"
		return nil, s.finish(ctx, tx, claimed, m, account.MailFailed)
	}
	message, err := s.open(m.ID, m.Sealed)
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

// MailDelivered records that a claimed message was delivered. It does nothing when the
// claim is no longer valid.
func (s *Outbox) MailDelivered(ctx context.Context, d *account.Delivery) error {
	return s.updateClaimed(ctx, d, func(ctx context.Context, tx *account.Tx, m account.Mail) error {
		delivered := m
		delivered.LastError = ""
		return s.finish(ctx, tx, delivered, m, account.MailDelivered)
	})
}

// MailFailed records that an attempt failed, with a cause that administrators see. It
// schedules the next attempt, unless the failure is permanent or the message expires
// before. It does nothing when the claim is no longer valid.
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

// updateClaimed runs f on the row of a delivery, unless the row is gone or was claimed
// again since: then the later claim decides.
func (s *Outbox) updateClaimed(
	ctx context.Context, d *account.Delivery, f func(context.Context, *account.Tx, account.Mail) error,
) error {
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		m, err := tx.Mail(ctx, d.MailID)
		if err != nil || m.State != account.MailReady || m.Attempts != d.Attempt {
			return err
		}
		return f(ctx, tx, m)
	}))
}

// finish moves a message to its final state and deletes its content.
func (s *Outbox) finish(ctx context.Context, tx *account.Tx, m, was account.Mail, state account.MailState) error {
	m.State, m.Finished, m.Sealed = state, s.now(), keyring.Sealed{}
	return tx.UpdateMail(ctx, m, was)
}
