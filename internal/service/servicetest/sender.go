package servicetest

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// RecordingSender is an [outbox.TestSender] that records messages instead of sending them.
type RecordingSender struct {
	Cause  string // what Deliver returns: a failure, or "" for success
	Routes []account.MailRoute
	Sent   []account.Message
}

// Deliver records the route and the message, and returns the field Cause.
func (s *RecordingSender) Deliver(_ context.Context, route account.MailRoute, m account.Message) string {
	s.Routes, s.Sent = append(s.Routes, route), append(s.Sent, m)
	return s.Cause
}
