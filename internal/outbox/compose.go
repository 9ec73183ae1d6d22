package outbox

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// Renderer renders the content of a message as text and HTML. It fills the fields Subject,
// Text and HTML and leaves the other fields to the caller.
type Renderer interface {
	Render(account.MailKind, account.MailContent) (account.Message, error)
}

// Compose renders a requested message, encrypts it and stores it, ready for delivery to recipient.
// expires is the time after which the outbox does not deliver the message.
func (s *Outbox) Compose(
	ctx context.Context, tx *account.Tx, requested account.Mail, recipient account.User,
	content account.MailContent, expires time.Time,
) error {
	content.Name = recipient.Name
	public, err := s.settings.PublicURLFrom(ctx, tx)
	if err != nil {
		return err
	}
	message, err := s.renderer.Render(requested.Kind, content)
	if err != nil {
		return fmt.Errorf("render the message %s: %w", requested.Kind, err)
	}
	message.To, message.Date = recipient.Email, s.now()
	if message.ID, err = s.messageID(requested.ID, public); err != nil {
		return err
	}
	ready := requested
	ready.State, ready.Address = account.MailReady, ""
	ready.UserID, ready.Recipient, ready.Expires = recipient.ID, recipient.Email, expires
	if ready.Sealed, err = s.seal(ctx, tx, requested.ID, message); err != nil {
		return err
	}
	return tx.UpdateMail(ctx, ready, requested)
}

// messageID returns a new Message-ID (RFC 5322, section 3.6.4). Each attempt sends the
// stored id again, so a mail program recognises a message that was delivered twice.
func (s *Outbox) messageID(mailID int64, public *url.URL) (string, error) {
	random := make([]byte, 8)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return "", fmt.Errorf("generate a Message-ID: %w", err)
	}
	return fmt.Sprintf("%d.%s@%s", mailID, hex.EncodeToString(random), host.PublicName(public)), nil
}

// sealContext returns the encryption context of a stored message. The context contains the
// message's id, so the ciphertext of one message does not decrypt in the row of another.
func sealContext(mailID int64) string { return "mail|" + strconv.FormatInt(mailID, 10) }

// seal encrypts a message with the current server key.
func (s *Outbox) seal(
	ctx context.Context, tx *account.Tx, mailID int64, m account.Message,
) (keyring.Sealed, error) {
	plain, err := json.Marshal(m)
	if err != nil {
		return keyring.Sealed{}, fmt.Errorf("encode a message: %w", err)
	}
	id, err := tx.SealingKey(ctx)
	if err != nil {
		return keyring.Sealed{}, err
	}
	return s.keys.Seal(id, keyring.Mail, sealContext(mailID), plain)
}

// open decrypts a stored message.
func (s *Outbox) open(mailID int64, sealed keyring.Sealed) (m account.Message, err error) {
	plain, err := s.keys.Open(keyring.Mail, sealContext(mailID), sealed)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, fmt.Errorf("decode a message: %w", err)
	}
	return m, nil
}
