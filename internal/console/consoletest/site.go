package consoletest

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// AdminEmail is the address of the first administrator.
const AdminEmail = "admin@example.org"

// Site is the console of a new server, which has only its first administrator.
type Site struct {
	*service.Service
	Store   *account.Store
	T       *testing.T
	Clock   *Clock
	Handler http.Handler
	Host    string // see Browser
	Log     *bytes.Buffer
}

// New returns a Site. Each function in change may change the options of its service.
func New(t *testing.T, change ...func(*service.Options)) *Site {
	t.Helper()
	s := &Site{T: t, Clock: &Clock{now: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}, Log: new(bytes.Buffer)}
	s.Store = enginetest.Chosen().New(t).Open().Store
	o := service.Options{
		Store:     s.Store,
		Passwords: Must(passhash.New(passhash.Params{Memory: 64, Passes: 1, Threads: 1}, 8, rand.Reader)),
		Keys:      Must(keyring.Parse(Must(keyring.Generate(rand.Reader)))), Renderer: mail.NewTemplates(),
		Log: slog.New(slog.DiscardHandler), Now: s.Clock.Now, Monotonic: s.Clock.Now, Random: rand.Reader,
	}
	for _, f := range change {
		f(&o)
	}
	s.Service = service.New(o)
	if _, err := s.SetUp(t.Context(), service.FirstRun{
		AdminEmail: AdminEmail, AdminPassword: secret.New(Password),
	}); err != nil {
		t.Fatal(err)
	}
	s.Handler = console.New(console.Options{
		Accounts: s.Service, Recovery: s.Service,
		ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
		PublicURL:     func(ctx context.Context) (*url.URL, error) { return s.PublicURL(ctx) },
		Logger:        slog.New(slog.NewTextHandler(s.Log, nil)),
	})
	return s
}

// Must returns v, and panics if err is not nil.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Visitor returns a browser without a session.
func (s *Site) Visitor() *Browser {
	return &Browser{T: s.T, Handler: s.Handler, Host: s.Host, Log: s.Log, Cookies: map[string]string{}}
}

// SignedInAs returns a browser in which a user has signed in.
func (s *Site) SignedInAs(email string) *Browser {
	s.T.Helper()
	b := s.Visitor()
	b.Get("/sign-in")
	in := b.Post("/sign-in", url.Values{"email": {email}, "password": {Password}})
	if in.StatusCode != http.StatusSeeOther {
		s.T.Fatalf("sign in %s: %d\n%s", email, in.StatusCode, in.Body)
	}
	b.Get("/profile/sessions") // sets FormToken for later posts
	return b
}

const (
	Password = "Correct-Horse-7"
)
