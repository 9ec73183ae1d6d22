package outbox

import (
	"context"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const (
	// noticeLifetime is how long Usher tries to deliver a notice.
	noticeLifetime = 3 * 24 * time.Hour
	// maxNotices limits the notices of one kind that a user gets within noticeWindow, so that they
	// don't delay the messages of other users. Further changes are made without a notice.
	maxNotices   = 5
	noticeWindow = time.Hour
)

// NotifyPasswordChange implements [auth.PasswordNotifier].
func (s *Outbox) NotifyPasswordChange(
	ctx context.Context, tx *account.Tx, user account.User, network string,
) error {
	return s.Notify(ctx, tx, account.MailPasswordChanged, user, account.MailContent{ClientNetwork: network})
}

// Notify puts a notice into the outbox that tells the user to about an event of this moment, unless
// the user had maxNotices of this kind in noticeWindow. Call [Outbox.Wake] after the commit.
func (s *Outbox) Notify(
	ctx context.Context, tx *account.Tx, kind account.MailKind, to account.User, content account.MailContent,
) error {
	content.At = s.now()
	sent, err := tx.CountMails(ctx, to.ID, kind, content.At.Add(-noticeWindow))
	if err != nil || sent >= maxNotices {
		return err
	}
	return s.Enqueue(ctx, tx, kind, to, content, content.At.Add(noticeLifetime))
}
