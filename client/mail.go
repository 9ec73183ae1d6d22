package client

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// MailKind is what a message is about.
type MailKind string

// The kinds of message. New ones may come.
const (
	MailRecovery   MailKind = "recovery"   // a token for a new password
	MailInvitation MailKind = "invitation" // a token for the first password
)

// MailState is how far a message has come.
type MailState string

// The states of a message.
const (
	MailRequested MailState = "requested" // not written yet
	MailReady     MailState = "ready"     // written, to be delivered
	MailDelivered MailState = "delivered" // the mail server has taken it
	MailFailed    MailState = "failed"    // given up
)

// MailMessage is one message of the outbox, without its text.
type MailMessage struct {
	ID            int64      `json:"id"`
	Kind          MailKind   `json:"kind"`
	Recipient     *string    `json:"recipient"` // nil until the account has been looked up
	State         MailState  `json:"state"`
	Attempts      int        `json:"attempts"` // how often delivery was tried
	CreatedAt     time.Time  `json:"createdAt"`
	NextAttemptAt *time.Time `json:"nextAttemptAt"` // nil when there will be none
	DeliveredAt   *time.Time `json:"deliveredAt"`
	LastError     *string    `json:"lastError"` // why the last try failed; nil when none did
}

// Mails returns the newest 200 messages of the outbox, newest first.
func (c *Client) Mails(ctx context.Context) ([]MailMessage, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiMailGet(ctx)
	}, func(w []wire.MailMessage) []MailMessage {
		mails := make([]MailMessage, len(w))
		for i := range w {
			mails[i] = mailFromWire(w[i])
		}
		return mails
	})
}

// Mail returns one message of the outbox.
func (c *Client) Mail(ctx context.Context, id int64) (MailMessage, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiMailIdGet(ctx, pathID(id))
	}, mailFromWire)
}

func mailFromWire(w wire.MailMessage) MailMessage {
	return MailMessage{
		ID:            w.ID,
		Kind:          MailKind(w.Kind),
		Recipient:     w.Recipient,
		State:         MailState(w.State),
		Attempts:      w.Attempts,
		CreatedAt:     w.CreatedAt,
		NextAttemptAt: w.NextAttemptAt,
		DeliveredAt:   w.DeliveredAt,
		LastError:     w.LastError,
	}
}
