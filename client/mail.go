package client

import (
	"context"
	"net/http"
)

// Mails returns the newest 200 messages of the outbox, newest first.
func (c *Client) Mails(ctx context.Context) ([]MailMessage, error) {
	return receive[[]MailMessage](ctx, c, request{method: http.MethodGet, path: "api/mail"})
}

// Mail returns one message of the outbox.
func (c *Client) Mail(ctx context.Context, id int64) (MailMessage, error) {
	return receive[MailMessage](ctx, c, request{method: http.MethodGet, path: "api/mail/" + decimal(id)})
}
