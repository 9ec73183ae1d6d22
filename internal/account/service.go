package account

import (
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
)

// Options are what a service is made of. All but the addresses, Mail, Courier,
// PasswordChanged, Witness and Steady are needed.
type Options struct {
	Store     Store
	Passwords *passhash.Pool
	Keys      *keyring.Ring
	Renderer  Renderer
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader
	// PublicURL is where people reach the server, if the operator has fixed it: it
	// goes before the one of the settings. Links in mails begin with it.
	PublicURL *url.URL
	// LocalURL is where this machine reaches the server, if it can. It stands for
	// a public URL that nobody has set; without either, mails carry the token alone.
	LocalURL *url.URL
	// Mail is what the operator has fixed of how mail leaves.
	MailOverrides MailOverrides
	// Courier sends test messages; without it there are none.
	TestSender TestSender
	// PasswordChanged is called after a user's password has changed.
	PasswordChanged func(userID int64)
	// Witness keeps checkpoints of the activity log.
	Checkpoints CheckpointStore
	// Steady is the clock of this machine, which nobody sets, and which never says that
	// less time has passed than has: without it, that of [monotime.New]. Only differences matter.
	Monotonic func() time.Time
}

// Service is the rules of Usher for one customer. Its methods may be called from
// many goroutines at once.
type Service struct {
	store             invalidatingStore
	passwords         *passhash.Pool
	keys              *keyring.Ring
	renderer          Renderer
	log               *slog.Logger
	clock             func() time.Time
	random            io.Reader
	publicURLOverride *url.URL
	localURL          *url.URL
	mailOverrides     MailOverrides
	testSender        TestSender
	passwordChanged   func(userID int64)
	checkpoints       CheckpointStore
	waiting           waiterLimit
	mailQueued        chan struct{}
	monotonic         func() time.Time
	principals        *principalCache
	userCounts        *ttlValue[UserCounts]
	signInCounts      *ttlValue[[]SignInCount]
}

// New makes a service. Call [Service.SetUp] before anything else.
func New(o Options) *Service {
	clock := o.Monotonic
	if clock == nil {
		clock = monotime.New().Now
	}
	principals := newPrincipalCache(maxPrincipals, maxPrincipalBytes)
	s := &Service{
		store: invalidatingStore{o.Store, principals, newPendingInvalidations(), clock}, principals: principals, monotonic: clock, passwords: o.Passwords, keys: o.Keys, renderer: o.Renderer, log: o.Log,
		clock: o.Now, random: o.Random, publicURLOverride: o.PublicURL, localURL: o.LocalURL,
		mailOverrides: o.MailOverrides, testSender: o.TestSender, passwordChanged: o.PasswordChanged, checkpoints: o.Checkpoints,
		mailQueued: make(chan struct{}, 1),
		userCounts: newTTLValue[UserCounts](overviewAge), signInCounts: newTTLValue[[]SignInCount](overviewAge),
	}
	if s.passwordChanged == nil {
		s.passwordChanged = func(int64) {}
	}
	return s
}

// Now is the time that the rules go by.
func (s *Service) Now() time.Time { return s.now() }

// now is the time as it is stored: in UTC, cut to microseconds.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
