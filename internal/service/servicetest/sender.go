package servicetest

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// RecordingSender is an [outbox.TestSender] that keeps the messages instead of sending them.
type RecordingSender struct {
	Cause  string // the failure of each delivery; "" for success
	Routes []account.MailRoute
	Sent   []account.Message
}

// Deliver records the message and returns the cause.
func (s *RecordingSender) Deliver(_ context.Context, route account.MailRoute, m account.Message) string {
	s.Routes, s.Sent = append(s.Routes, route), append(s.Sent, m)
	return s.Cause
}
