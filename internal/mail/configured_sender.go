package mail

import (
	"context"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// NewSender returns the sender for a route: an [SMTP] if the route has a mail server, else a
// [Directory] with the path directory. Its error lists all invalid settings.
func NewSender(route account.MailRoute, directory string) (Sender, error) {
	s := route.Server
	if s == nil {
		return NewDirectory(directory, route.Sender, route.SenderName)
	}
	return NewSMTP(SMTPConfig{
		Host: s.Host, Port: s.Port, TLS: TLSMode(s.Security), Username: s.Account, Password: s.Password,
		CA: s.CA, From: route.Sender, FromName: route.SenderName,
	})
}

// ConfiguredSender reads the mail server and the sender's address from the settings before
// it sends each message. So a change of the settings applies to the next message. It is safe for concurrent use.
type ConfiguredSender struct {
	route     func(context.Context) (account.MailRoute, error)
	directory string

	mu      sync.Mutex
	current account.MailRoute
	sender  Sender // the sender for current; nil before the first message
}

var _ Sender = (*ConfiguredSender)(nil)

// NewConfiguredSender returns a [ConfiguredSender] that calls route before each message. If
// the route has no mail server, the sender writes messages to files in directory.
func NewConfiguredSender(
	route func(context.Context) (account.MailRoute, error), directory string,
) *ConfiguredSender {
	return &ConfiguredSender{route: route, directory: directory}
}

// Send delivers one message. Invalid settings are a temporary failure, because an
// administrator can correct them before the next attempt.
func (c *ConfiguredSender) Send(ctx context.Context, d *account.Delivery) error {
	route, err := c.route(ctx)
	if err != nil {
		return newFailure(CauseSettings, err)
	}
	sender, err := c.senderFor(route)
	if err != nil {
		return newFailure(CauseSettings, err)
	}
	return sender.Send(ctx, d)
}

// senderFor returns the sender for a route. If the route is unchanged, it returns the
// previous sender.
func (c *ConfiguredSender) senderFor(route account.MailRoute) (Sender, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sender != nil && c.current.Equal(route) {
		return c.sender, nil
	}
	sender, err := NewSender(route, c.directory)
	if err != nil {
		return nil, err
	}
	c.current, c.sender = route, sender
	return sender, nil
}

// TestSender delivers a test message of the settings immediately, without the outbox.
type TestSender struct {
	Directory string // for messages when the route has no mail server
}

// Deliver makes one attempt to send a message by a route, and gives up when ctx ends. It
// returns "" if the message was delivered, else the cause of the failure.
func (t TestSender) Deliver(ctx context.Context, route account.MailRoute, m account.Message) string {
	sender, err := NewSender(route, t.Directory)
	if err != nil {
		return CauseSettings
	}
	if err := sender.Send(ctx, &account.Delivery{Attempt: 1, Message: m}); err != nil {
		return asFailure(err).Cause
	}
	return ""
}
