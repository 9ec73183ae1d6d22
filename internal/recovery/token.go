package recovery

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// prepareMail looks up whom a requested message, which is locked, is for, and
// renders it, or deletes it when it is for nobody.
func (s *Recovery) PrepareRecovery(ctx context.Context, tx account.Tx, m account.Mail) error {
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
	if !c.Active || c.Provider != account.ProviderLocal || sent >= recoveriesAnHour || !now.Before(m.Expires) {
		s.log.InfoContext(ctx, "recovery is not sent", "mail", m.ID, "user", c.UserID, "active", c.Active, "sent_this_hour", sent)
		return tx.DeleteMail(ctx, m.ID)
	}
	content, expires, err := s.newRecovery(ctx, tx, c.UserID, account.MailRecovery, account.RecoveryLifetime)
	if err != nil {
		return err
	}
	content.ClientNetwork = m.ClientNetwork
	return s.outbox.Compose(ctx, tx, m, account.User{ID: c.UserID, Name: c.Name, Email: c.Email}, content, expires)
}

// newRecovery makes a token with which a user chooses a password, in place of the
// oldest of its kind, and what a message tells of it.
func (s *Recovery) newRecovery(ctx context.Context, tx account.Tx, userID int64, kind account.MailKind, life time.Duration) (account.MailContent, time.Time, error) {
	if err := tx.LimitRecoveries(ctx, userID, kind, maxRecoveries-1); err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	text, hash, err := token.New(token.Recovery, s.random)
	if err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	now := s.now()
	r := account.Recovery{UserID: userID, Kind: kind, Created: now, Expires: now.Add(life)}
	if err := tx.InsertRecovery(ctx, r, hash); err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	public, err := s.settings.PublicURLFrom(ctx, tx)
	if err != nil {
		return account.MailContent{}, time.Time{}, err
	}
	return account.MailContent{Token: text.Reveal(), Link: resetLink(public, text.Reveal()), Lifetime: life}, r.Expires, nil
}

// resetLink is built from the public URL alone, never from a request; nil: there
// is no link.
func resetLink(public *url.URL, recovery string) string {
	if public == nil {
		return ""
	}
	return public.JoinPath("reset-password").String() + "?token=" + recovery
}
