// Package settings reads and changes the settings that administrators can change while the
// server runs: mail, the public URL, sessions, lockout, default roles, LDAP and SAML. The
// operator can override some of them when starting the server.
//
// The store keeps each group of settings as one JSON text. It keeps each secret separately,
// encrypted for the server and account that the secret is sent to.
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

// Limits of texts and lists in several groups of settings, as in the contract.
const (
	maxURLLength     = 2048 // characters
	maxSettingLength = 1024 // characters
	maxGroupRoles    = 100
)

// Options are the dependencies of [New] that are not in [account.Env].
type Options struct {
	Auth  *auth.Auth
	Audit *audit.Log
	// PublicURL overrides the setting of the same name. nil: the setting applies.
	PublicURL *url.URL
	// LocalURL is the URL at which this machine reaches the server. It is used while no public
	// URL is set. It may be nil.
	LocalURL *url.URL
	// Mail overrides the settings of mail.
	Mail MailOverrides
}

// Settings reads and changes the settings of one customer. Its methods are safe for
// concurrent use.
type Settings struct {
	store             account.SettingReader
	keys              *keyring.Ring
	now               func() time.Time
	random            io.Reader
	auth              *auth.Auth
	audit             *audit.Log
	publicURLOverride *url.URL
	localURL          *url.URL
	mailOverrides     MailOverrides
}

// New returns the settings of one customer.
func New(env account.Env, o Options) *Settings {
	return &Settings{
		store: env.Store, keys: env.Keys, now: env.Now, random: env.Random, auth: o.Auth, audit: o.Audit,
		publicURLOverride: o.PublicURL, localURL: o.LocalURL, mailOverrides: o.Mail,
	}
}
