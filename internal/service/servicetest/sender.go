package servicetest

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// courier keeps what it is to deliver.
type RecordingSender struct {
	Cause  string
	Routes []account.MailRoute
	Sent   []account.Message
}

func (c *RecordingSender) Deliver(_ context.Context, route account.MailRoute, m account.Message) string {
	c.Routes, c.Sent = append(c.Routes, route), append(c.Sent, m)
	return c.Cause
}
