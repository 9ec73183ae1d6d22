// Package outbox keeps outgoing messages in the database until they are delivered. The
// transaction of a change also stores the message about the change, so the message survives
// a crash.
//
// A worker claims a message for one attempt. The claim counts the attempt and leases the message to
// the worker for a minute. The worker then reports whether the delivery succeeded. The outbox
// stores a request for a recovery message without its recipient and text. It prepares the message
// when a worker claims it: it looks up the user, and then renders and encrypts the message.
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

// Preparer looks up the recipient of a requested message and completes the message with
// [Outbox.Compose]. If there is no recipient, it deletes the message. The caller has locked
// the message.
type Preparer interface {
	PrepareRecovery(ctx context.Context, tx *account.Tx, m account.Mail) error
}

// Options are the dependencies of [New], in addition to those in [account.Env].
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
	queued     chan struct{} // receives a value when a worker should poll
}

// New returns the outbox of one database. Call [Outbox.PrepareWith] before the first
// [Outbox.ClaimMail].
func New(env account.Env, o Options) *Outbox {
	return &Outbox{
		store: env.Store, keys: env.Keys, log: env.Log, now: env.Now, random: env.Random,
		settings: o.Settings, auth: o.Auth, audit: o.Audit, renderer: o.Renderer, testSender: o.TestSender,
		queued: make(chan struct{}, 1),
	}
}

// PrepareWith sets the preparer of requested messages. It is not an option of [New], because
// the preparer itself needs the outbox.
func (s *Outbox) PrepareWith(p Preparer) { s.preparer = p }
