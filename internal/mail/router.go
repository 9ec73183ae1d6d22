package mail

import (
	"context"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// NewTransport returns the way out that a route describes: its mail server, or
// files in the directory where it has none. Its error names every fault at once.
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

// Router delivers each message by the route of that moment: a change of the
// settings holds for the next message. Its methods may be called at once.
type ConfiguredSender struct {
	route     func(context.Context) (account.MailRoute, error)
	directory string

	mu        sync.Mutex
	current   account.MailRoute
	transport Sender // of current; nil before the first message
}

var _ Sender = (*ConfiguredSender)(nil)

// NewRouter returns a router that asks for the route before each message. Where
// there is no mail server messages become files in the directory.
func NewConfiguredSender(route func(context.Context) (account.MailRoute, error), directory string) *ConfiguredSender {
	return &ConfiguredSender{route: route, directory: directory}
}

// Send delivers one message. Settings that cannot be used are a failure of the
// attempt: an operator can mend them before the next one.
func (r *ConfiguredSender) Send(ctx context.Context, d *account.Delivery) error {
	route, err := r.route(ctx)
	if err != nil {
		return newFailure(CauseSettings, err)
	}
	transport, err := r.transportOf(route)
	if err != nil {
		return newFailure(CauseSettings, err)
	}
	return transport.Send(ctx, d)
}

// transportOf returns the transport of a route, which is kept while the route is
// the same.
func (r *ConfiguredSender) transportOf(route account.MailRoute) (Sender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.transport != nil && r.current.Equal(route) {
		return r.transport, nil
	}
	transport, err := NewSender(route, r.directory)
	if err != nil {
		return nil, err
	}
	r.current, r.transport = route, transport
	return transport, nil
}

// Courier delivers single messages at once, past the queue.
type TestSender struct {
	Directory string // of files, where a route has no mail server
}

// Deliver makes one attempt by a route, within the time that ctx has. It returns
// why it failed, one of the causes above, or "" for a message that has left.
func (c TestSender) Deliver(ctx context.Context, route account.MailRoute, m account.Message) string {
	transport, err := NewSender(route, c.Directory)
	if err != nil {
		return CauseSettings
	}
	if err := transport.Send(ctx, &account.Delivery{Attempt: 1, Message: m}); err != nil {
		return asFailure(err).Cause
	}
	return ""
}
