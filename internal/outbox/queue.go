package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// maxListedMails is the number of messages that [Outbox.ListMail] returns at most.
const maxListedMails = 200

// MailQueued returns a channel that receives a value when a message may be due.
func (s *Outbox) MailQueued() <-chan struct{} { return s.queued }

// Wake wakes a worker that waits on [Outbox.MailQueued]. Call it after the commit of a
// transaction that queued a message.
func (s *Outbox) Wake() {
	select {
	case s.queued <- struct{}{}:
	default: // a wake-up is pending already
	}
}

// Enqueue stores a message to recipient in the outbox. expires is the time after which the outbox
// does not deliver the message.
func (s *Outbox) Enqueue(
	ctx context.Context, tx *account.Tx, kind account.MailKind, recipient account.User,
	content account.MailContent, expires time.Time,
) error {
	now := s.now()
	requested := account.Mail{
		Kind: kind, State: account.MailRequested, ClientNetwork: content.ClientNetwork,
		Created: now, NextAttempt: now, Expires: expires,
	}
	id, err := tx.InsertMail(ctx, requested)
	if err != nil {
		return err
	}
	requested.ID = id
	return s.Compose(ctx, tx, requested, recipient, content, expires)
}

// ListMail returns the newest messages of the outbox, at most maxListedMails, without their
// content. It fails like [account.Allow] if the caller may not read mail.
func (s *Outbox) ListMail(ctx context.Context, caller *account.Principal) ([]account.Mail, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityMail, access.All); err != nil {
		return nil, err
	}
	return s.store.Mails(ctx, maxListedMails)
}

// Mail returns one message of the outbox, without its content. It fails like
// [account.Allow] if the caller may not read mail, and with CodeNotFound.
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
