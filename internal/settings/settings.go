// Package settings holds what administrators change while the server runs: mail, the
// public URL, sessions, lockout, default roles, and the configurations of LDAP and SAML.
// Overrides that the operator gave at the start take precedence.
//
// Each group of settings is one row of JSON; secrets are rows of their own, sealed for
// the destination that they are sent to.
//
// It imports auth, audit, account and the packages below them.
package settings

import (
	"io"
	"net/url"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// Options are what [New] needs besides the environment.
type Options struct {
	Auth  *auth.Auth
	Audit *audit.Log
	// PublicURL overrides the setting; nil: the setting applies.
	PublicURL *url.URL
	// LocalURL is where this machine reaches the server, used while no public URL
	// is set. It may be nil.
	LocalURL *url.URL
	// Mail overrides the settings of mail.
	Mail MailOverrides
}

// Settings reads and changes the settings of one customer. Its methods are safe for
// concurrent use.
type Settings struct {
	store             account.Store
	keys              *keyring.Ring
	now               func() time.Time
	random            io.Reader
	auth              *auth.Auth
	audit             *audit.Log
	publicURLOverride *url.URL
	localURL          *url.URL
	mailOverrides     MailOverrides
}

// New returns the settings.
func New(env account.Env, o Options) *Settings {
	return &Settings{
		store: env.Store, keys: env.Keys, now: env.Now, random: env.Random, auth: o.Auth, audit: o.Audit,
		publicURLOverride: o.PublicURL, localURL: o.LocalURL, mailOverrides: o.Mail,
	}
}
