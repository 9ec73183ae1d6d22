// Package outbox keeps outgoing messages in the database until they are delivered. A
// message is stored in the transaction of the change that causes it, so it survives a crash.
//
// Requested messages are prepared (looked up, rendered and sealed) when a worker claims
// them. A claim counts an attempt and leases the message for a minute; the worker reports
// the outcome.
//
// It imports settings, auth, audit, account and the packages below them.
package outbox

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Preparer looks up the recipient of a requested message, which is locked. It completes
// the message with [Outbox.Compose], or deletes it when there is no recipient.
type Preparer interface {
	PrepareRecovery(ctx context.Context, tx *account.Tx, m account.Mail) error
}

// Options are the dependencies of [New] besides the environment.
type Options struct {
	Settings   *settings.Settings
	Auth       *auth.Auth
	Audit      *audit.Log
	Renderer   Renderer
	TestSender TestSender // nil: [Outbox.SendTestMessage] must not be called
}

// store is the storage that the outbox uses.
type store interface {
	account.Transactor
	account.OutboxReader
}

// Outbox queues messages and hands them to workers. Its methods are safe for concurrent
// use, also by several servers on one database.
type Outbox struct {
	store      store
	keys       *keyring.Ring
	log        *slog.Logger
	now        func() time.Time
	random     io.Reader
	settings   *settings.Settings
	auth       *auth.Auth
	audit      *audit.Log
	renderer   Renderer
	testSender TestSender
	preparer   Preparer
	queued     chan struct{} // holds a value while a worker should look for messages
}

// New returns the outbox of one customer. Call [Outbox.PrepareWith] before the first claim.
func New(env account.Env, o Options) *Outbox {
	return &Outbox{
		store: env.Store, keys: env.Keys, log: env.Log, now: env.Now, random: env.Random,
		settings: o.Settings, auth: o.Auth, audit: o.Audit, renderer: o.Renderer, testSender: o.TestSender,
		queued: make(chan struct{}, 1),
	}
}

// PrepareWith sets the preparer of requested messages, which itself needs the outbox.
func (s *Outbox) PrepareWith(p Preparer) { s.preparer = p }
