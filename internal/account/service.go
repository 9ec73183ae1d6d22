package account

import (
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/steady"
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
	Mail FixedMail
	// Courier sends test messages; without it there are none.
	Courier Courier
	// PasswordChanged is called after a user's password has changed.
	PasswordChanged func(userID int64)
	// Witness keeps checkpoints of the activity log.
	Witness Witness
	// Steady is the clock of this machine, which nobody sets, and which never says that
	// less time has passed than has: without it, that of [steady.New]. Only differences matter.
	Steady func() time.Time
}

// Service is the rules of Usher for one customer. Its methods may be called from
// many goroutines at once.
type Service struct {
	store           hearing
	passwords       *passhash.Pool
	keys            *keyring.Ring
	renderer        Renderer
	log             *slog.Logger
	clock           func() time.Time
	random          io.Reader
	fixedURL        *url.URL
	localURL        *url.URL
	fixedMail       FixedMail
	courier         Courier
	passwordChanged func(userID int64)
	witness         Witness
	waiting         crowd
	mailQueued      chan struct{}
	steady          func() time.Time
	principals      *principalCache
	userCounts      *recent[UserCounts]
	signInCounts    *recent[[]SignInCount]
}

// New makes a service. Call [Service.SetUp] before anything else.
func New(o Options) *Service {
	clock := o.Steady
	if clock == nil {
		clock = steady.New().Now
	}
	principals := newPrincipalCache(maxPrincipals, maxPrincipalBytes)
	s := &Service{
		store: hearing{o.Store, principals, newDoubts(), clock}, principals: principals, steady: clock, passwords: o.Passwords, keys: o.Keys, renderer: o.Renderer, log: o.Log,
		clock: o.Now, random: o.Random, fixedURL: o.PublicURL, localURL: o.LocalURL,
		fixedMail: o.Mail, courier: o.Courier, passwordChanged: o.PasswordChanged, witness: o.Witness,
		mailQueued: make(chan struct{}, 1),
		userCounts: newRecent[UserCounts](overviewAge), signInCounts: newRecent[[]SignInCount](overviewAge),
	}
	if s.passwordChanged == nil {
		s.passwordChanged = func(int64) {}
	}
	return s
}

// now is the time as it is stored: in UTC, cut to microseconds.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
