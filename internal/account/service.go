package account

import (
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
)

// Options are what a service is made of. All but PublicURL and PasswordChanged
// are needed.
type Options struct {
	Store     Store
	Passwords *passhash.Pool
	Keys      *keyring.Ring
	Renderer  Renderer
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader
	// PublicURL is where people reach the server. Links in mails begin with it;
	// without it they carry the token alone.
	PublicURL *url.URL
	// PasswordChanged is called after a user's password has changed.
	PasswordChanged func(userID int64)
}

// Service is the rules of Usher for one customer. Its methods may be called from
// many goroutines at once.
type Service struct {
	store           Store
	passwords       *passhash.Pool
	keys            *keyring.Ring
	renderer        Renderer
	log             *slog.Logger
	clock           func() time.Time
	random          io.Reader
	publicURL       *url.URL
	passwordChanged func(userID int64)
	waiting         crowd
	mailQueued      chan struct{}
}

// New makes a service. Call [Service.SetUp] before anything else.
func New(o Options) *Service {
	s := &Service{
		store: o.Store, passwords: o.Passwords, keys: o.Keys, renderer: o.Renderer, log: o.Log,
		clock: o.Now, random: o.Random, publicURL: o.PublicURL, passwordChanged: o.PasswordChanged,
		mailQueued: make(chan struct{}, 1),
	}
	if s.passwordChanged == nil {
		s.passwordChanged = func(int64) {}
	}
	return s
}

// now is the time as it is stored: in UTC, cut to microseconds.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
