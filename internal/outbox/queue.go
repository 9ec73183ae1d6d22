package outbox

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

const (
	mailPurpose = "mail" // of the server key

	// claimLife is how long a worker has for one attempt. A crash in an attempt
	// delays the next one by this; transports give up well before.
	claimLife = time.Minute
)

// mailBackoff is how long to wait after each failed attempt; the last repeats.
var mailBackoff = []time.Duration{
	5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
}

// MailQueued receives when there may be a message to deliver.
func (s *Outbox) MailQueued() <-chan struct{} { return s.mailQueued }

func (s *Outbox) Wake() {
	select {
	case s.mailQueued <- struct{}{}:
	default: // it has been woken already
	}
}

// ListMail returns the newest messages of the outbox, never what they say.
func (s *Outbox) ListMail(ctx context.Context, caller *account.Principal) ([]account.Mail, error) {
	const most = 200
	if err := account.Allow(caller, access.ActionRead, access.EntityMail, access.All); err != nil {
		return nil, err
	}
	return s.store.Mails(ctx, most)
}

// Mail returns one message of the outbox, never what it says.
func (s *Outbox) Mail(ctx context.Context, caller *account.Principal, id int64) (account.Mail, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityMail, access.All); err != nil {
		return account.Mail{}, err
	}
	m, err := s.store.Mail(ctx, id)
	if errors.Is(err, account.ErrNotFound) {
		return account.Mail{}, account.NotFound()
	}
	return m, err
}

// ClaimMail gives the next message that is due to its caller for one attempt, or
// nil when none is. The caller reports the outcome with [Service.MailDelivered]
// or [Service.MailFailed]; if it never does, the message comes up again. However
// many ask at once, on however many servers, each message goes to one of them.
func (s *Outbox) ClaimMail(ctx context.Context) (*account.Delivery, error) {
	for {
		if _, err := s.store.DueMail(ctx, s.now()); err != nil { // a look that needs no transaction
			return nil, account.IgnoreNotFound(err)
		}
		var m account.Mail
		var d *account.Delivery
		err := s.store.Write(ctx, func(ctx context.Context, tx account.Tx) (err error) {
			if m, err = tx.LockDueMail(ctx, s.now()); err != nil {
				return err
			}
			if m.State == account.MailRequested {
				d, err = nil, s.recovery.PrepareRecovery(ctx, tx, m)
			} else {
				d, err = s.claim(ctx, tx, m)
			}
			return err
		})
		switch {
		case errors.Is(err, account.ErrNotFound): // others were faster
			return nil, nil
		case err != nil && m.State == account.MailRequested && account.ErrorCode(err) == account.CodeInternal:
			s.log.ErrorContext(ctx, "a message cannot be written", "mail", m.ID, "error", err)
			err = s.postponeMail(ctx, m)
		}
		if err != nil || d != nil {
			return d, err
		}
	}
}

// writeMail renders and seals a message that was requested.
func (s *Outbox) Write(ctx context.Context, tx account.Tx, requested account.Mail, to account.User, content account.MailContent, expires time.Time) error {
	content.Name = to.Name
	public, err := s.settings.PublicURLFrom(ctx, tx)
	if err != nil {
		return err
	}
	message, err := s.renderer.Render(requested.Kind, content)
	if err != nil {
		return fmt.Errorf("render the message %s: %w", requested.Kind, err)
	}
	message.To, message.Date = to.Email, s.now()
	if message.ID, err = s.messageID(requested.ID, public); err != nil {
		return err
	}
	ready := requested
	ready.State, ready.Address, ready.UserID, ready.Recipient, ready.Expires = account.MailReady, "", to.ID, to.Email, expires
	if ready.Sealed, err = s.seal(requested.ID, message); err != nil {
		return err
	}
	return tx.UpdateMail(ctx, ready, requested)
}

// postponeMail puts off a message that could not be prepared, for a fault of
// ours, so that it does not keep back those behind it.
func (s *Outbox) postponeMail(ctx context.Context, m account.Mail) error {
	later := m
	later.NextAttempt = s.now().Add(time.Minute)
	later.LastError = "the message could not be written"
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		return tx.UpdateMail(ctx, later, m)
	}))
}

// sendMail puts a message to a user, which nobody asked for with an address, into
// the outbox. It is of no use after expires.
func (s *Outbox) Send(ctx context.Context, tx account.Tx, kind account.MailKind, to account.User, content account.MailContent, expires time.Time) error {
	now := s.now()
	requested := account.Mail{
		Kind: kind, State: account.MailRequested, ClientNetwork: content.ClientNetwork, Created: now, NextAttempt: now, Expires: expires,
	}
	id, err := tx.InsertMail(ctx, requested)
	if err != nil {
		return err
	}
	requested.ID = id
	return s.Write(ctx, tx, requested, to, content, expires)
}

// messageID makes a Message-ID (RFC 5322, 3.6.4). It is made once, so a reader's
// mail program recognises a message that came twice.
func (s *Outbox) messageID(mailID int64, public *url.URL) (string, error) {
	random := make([]byte, 8)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return "", fmt.Errorf("read random: %w", err)
	}
	return fmt.Sprintf("%d.%s@%s", mailID, hex.EncodeToString(random), host.PublicName(public)), nil
}

func mailContext(id int64) string { return "mail|" + strconv.FormatInt(id, 10) }

func (s *Outbox) seal(mailID int64, m account.Message) (keyring.Sealed, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return keyring.Sealed{}, fmt.Errorf("encode a message: %w", err)
	}
	return s.keys.Seal(mailPurpose, mailContext(mailID), plain)
}

// claim counts an attempt before it is made and puts the next one off, so that
// no other worker makes it too. It returns nil when the message is given up.
func (s *Outbox) claim(ctx context.Context, tx account.Tx, m account.Mail) (*account.Delivery, error) {
	now := s.now()
	claimed := m
	if !now.Before(m.Expires) {
		claimed.LastError = "it could not be delivered while it was of use"
		return nil, s.finishMail(ctx, tx, claimed, m, account.MailFailed)
	}
	plain, err := s.keys.Open(mailPurpose, mailContext(m.ID), m.Sealed)
	d := &account.Delivery{MailID: m.ID, Attempt: m.Attempts + 1}
	if err == nil {
		err = json.Unmarshal(plain, &d.Message)
	}
	if err != nil {
		claimed.LastError = "the stored message cannot be opened"
		return nil, s.finishMail(ctx, tx, claimed, m, account.MailFailed)
	}
	claimed.Attempts = d.Attempt
	claimed.NextAttempt = now.Add(claimLife)
	if err := tx.UpdateMail(ctx, claimed, m); err != nil {
		return nil, err
	}
	return d, nil
}

// finishMail moves a message to its last state and forgets what it said.
func (s *Outbox) finishMail(ctx context.Context, tx account.Tx, m, was account.Mail, state account.MailState) error {
	m.State, m.Finished, m.Sealed = state, s.now(), keyring.Sealed{}
	return tx.UpdateMail(ctx, m, was)
}

// MailDelivered records that a claimed message has left. It does nothing when
// the claim is over.
func (s *Outbox) MailDelivered(ctx context.Context, d *account.Delivery) error {
	return s.settleMail(ctx, d, func(ctx context.Context, tx account.Tx, m account.Mail) error {
		done := m
		done.LastError = ""
		return s.finishMail(ctx, tx, done, m, account.MailDelivered)
	})
}

// MailFailed records that an attempt failed, for a cause that people may read,
// and when to try again: never if the failure is permanent. It does nothing when
// the claim is over.
func (s *Outbox) MailFailed(ctx context.Context, d *account.Delivery, cause string, permanent bool) error {
	return s.settleMail(ctx, d, func(ctx context.Context, tx account.Tx, m account.Mail) error {
		failed := m
		failed.LastError = cause
		failed.NextAttempt = s.now().Add(mailBackoff[min(d.Attempt, len(mailBackoff))-1])
		if permanent || !failed.NextAttempt.Before(m.Expires) {
			return s.finishMail(ctx, tx, failed, m, account.MailFailed)
		}
		return tx.UpdateMail(ctx, failed, m)
	})
}

// settleMail runs f on the row of a delivery, unless somebody else has claimed
// it since: what became of it is theirs to say.
func (s *Outbox) settleMail(ctx context.Context, d *account.Delivery, f func(context.Context, account.Tx, account.Mail) error) error {
	return account.IgnoreNotFound(s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		m, err := tx.Mail(ctx, d.MailID)
		if err != nil || m.State != account.MailReady || m.Attempts != d.Attempt {
			return err
		}
		return f(ctx, tx, m)
	}))
}

// Renderer writes messages in words. It fills Subject, Text and HTML and leaves
// the rest to its caller.
type Renderer interface {
	Render(account.MailKind, account.MailContent) (account.Message, error)
}
