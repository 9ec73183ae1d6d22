// Package service composes the operations of Usher from the packages user, role, apikey, settings
// and others. It adds operations that use several of these packages: set-up, the overview, the
// sweep of expired rows, and the operator's emergency commands.
package service

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/outbox"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/recovery"
	"github.com/seed-3a99a2fe/usher/internal/role"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/user"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// Options are the dependencies of a [Service]. Store, Passwords, Keys, Renderer, Log, Now
// and Random are required.
type Options struct {
	Store     *account.Store
	Passwords *passhash.Pool
	Keys      *keyring.Ring
	Renderer  outbox.Renderer
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader
	// PublicURL is the URL at which users reach the server. Links in mails begin with it.
	// It overrides the public URL in the settings.
	PublicURL *url.URL
	// LocalURL is the URL at which this machine reaches the server. Links in mails begin
	// with it if there is no public URL. Without either URL, mails contain the token alone.
	LocalURL *url.URL
	// MailOverrides are the operator's settings for mail. They override the settings in the
	// database.
	MailOverrides settings.MailOverrides
	// ExemptNetworks contain the client networks to which the limits of client networks on failed
	// sign-ins and recovery requests don't apply.
	ExemptNetworks []netip.Prefix
	// TestSender sends test messages. If it is nil, SendTestMessage must not be called.
	TestSender outbox.TestSender
	// PasswordChanged is called with the user's id after each change of a password.
	PasswordChanged func(userID int64)
	// DiskLow reports whether the disk of the database is almost full. Users can't change their
	// own profiles then. nil: it never is.
	DiskLow func() bool
	// Checkpoints stores checkpoints of the activity log outside the database.
	Checkpoints audit.CheckpointStore
	// Monotonic is this machine's monotonic clock, by default [monotime.Clock.Now]. Only
	// the difference of two readings has a meaning. It must never under-report elapsed
	// time.
	Monotonic func() time.Time
	// ReadKeys reads the server keys again from where Keys were read. If it is nil, they can't be
	// read again, and a new key needs a restart.
	ReadKeys func() (*keyring.Ring, error)
	// ServerName is the name of this server, under which it answers the announcement of a new
	// server key. It is empty in a process that is no server.
	ServerName string
	// PollTimeout and TouchTimeout are passed on to [auth.Options].
	PollTimeout, TouchTimeout time.Duration
}

// store is the storage that set-up, the overview and the emergency commands use.
type store interface {
	account.Transactor
	account.HealthReporter
	account.InstanceReader
	CountUsers(ctx context.Context) (account.UserCounts, error)
	LockedUsers(ctx context.Context, now time.Time, limit int) (account.LockedUsers, error)
	CountOutbox(ctx context.Context, failedSince time.Time) (account.MailCounts, error)
	ChainEnd(ctx context.Context, end account.ChainEnd) (account.Checkpoint, error)
	SignIns(ctx context.Context, from, to time.Time) ([]account.SignInCount, error)
}

// Service has all operations of Usher on one database, including those of the embedded types. Its
// methods are safe for concurrent use.
type Service struct {
	*audit.Log
	*auth.Auth
	*settings.Settings
	*outbox.Outbox
	*recovery.Recovery
	*user.Users
	*role.Roles
	*apikey.Keys
	*userimport.Imports

	store           store
	keys            *keyring.Ring
	readKeys        func() (*keyring.Ring, error)
	serverName      string
	answers         keyAnswers
	log             *slog.Logger
	now             func() time.Time
	random          io.Reader
	monotonic       func() time.Time
	passwordChanged func(userID int64)
	maxStrangerRows int // see Sweep
	userCounts      *ttlValue[account.UserCounts]
	signInCounts    *ttlValue[[]account.SignInCount]
}

// New returns a service. Call [Service.SetUp] before any other method.
func New(o Options) *Service {
	monotonic := o.Monotonic
	if monotonic == nil {
		monotonic = monotime.New().Now
	}
	var mails *outbox.Outbox
	passwordChanged := func(userID int64) {
		mails.Wake() // to send the notice
		if o.PasswordChanged != nil {
			o.PasswordChanged(userID)
		}
	}
	diskLow := o.DiskLow
	if diskLow == nil {
		diskLow = func() bool { return false }
	}
	invalidating := auth.NewInvalidatingStore(o.Store, monotonic)
	env := account.Env{
		Store: invalidating.Store, Keys: o.Keys, Log: o.Log, Random: o.Random, Monotonic: monotonic,
		Now: func() time.Time { return o.Now().UTC().Truncate(time.Microsecond) },
	}
	log := audit.New(env, o.Checkpoints)
	authentication := auth.New(env, auth.Options{
		Store: invalidating, Audit: log, Passwords: o.Passwords, PasswordChanged: passwordChanged,
		ExemptNetworks: o.ExemptNetworks, PollTimeout: o.PollTimeout, TouchTimeout: o.TouchTimeout,
	})
	configuration := settings.New(env, settings.Options{
		Auth: authentication, Audit: log, PublicURL: o.PublicURL, LocalURL: o.LocalURL, Mail: o.MailOverrides,
	})
	mails = outbox.New(env, outbox.Options{
		Settings: configuration, Auth: authentication, Audit: log, Renderer: o.Renderer, TestSender: o.TestSender,
	})
	authentication.NotifyWith(mails)
	recoveries := recovery.New(env, recovery.Options{
		Outbox: mails, Settings: configuration, Auth: authentication, Audit: log, PasswordChanged: passwordChanged,
	})
	mails.PrepareWith(recoveries)
	users := user.New(env, user.Options{
		Recovery: recoveries, Outbox: mails, Auth: authentication, Audit: log, Passwords: o.Passwords,
		PasswordChanged: passwordChanged, DiskLow: diskLow,
	})
	imports := userimport.New(env, userimport.Options{
		Users: users, Recovery: recoveries, Outbox: mails, Auth: authentication, Audit: log, Passwords: o.Passwords,
	})
	return &Service{
		Log: log, Auth: authentication, Settings: configuration, Outbox: mails, Recovery: recoveries,
		Users: users, Roles: role.New(env, configuration, authentication, log),
		Keys: apikey.New(env, mails, authentication, log), Imports: imports,
		store: env.Store, keys: o.Keys, readKeys: o.ReadKeys, serverName: o.ServerName, log: o.Log,
		answers: keyAnswers{given: map[string]keyAnswer{}}, now: env.Now, random: o.Random, monotonic: monotonic,
		passwordChanged: passwordChanged,
		maxStrangerRows: maxStrangerRows,
		userCounts:      newTTLValue[account.UserCounts](countsTTL),
		signInCounts:    newTTLValue[[]account.SignInCount](countsTTL),
	}
}

// Now returns the current time of [Options].Now.
func (s *Service) Now() time.Time { return s.now() }
