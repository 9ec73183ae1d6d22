package client

import (
	"context"
	"net/http"
)

// MailService reads the outbox: the mail messages that the server sends.
type MailService struct{ client *Client }

// List returns the newest 200 messages of the outbox, newest first.
func (s *MailService) List(ctx context.Context) ([]MailMessage, error) {
	return receive[[]MailMessage](ctx, s.client, request{method: http.MethodGet, path: "api/mail"})
}

// Get returns one message of the outbox.
func (s *MailService) Get(ctx context.Context, id int64) (MailMessage, error) {
	return receive[MailMessage](ctx, s.client, request{method: http.MethodGet, path: "api/mail/" + decimal(id)})
}
