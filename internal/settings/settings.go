// Package settings reads and changes the settings that administrators change while the
// server runs: mail, the public URL, sessions, lockout, default roles, LDAP and SAML.
// The operator's overrides from the start of the server take precedence.
//
// Each group of settings is one row of JSON. Each secret is a row of its own, sealed for
// the destination to which it is sent.
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

// Limits of the texts and lists that several groups have, as in the contract.
const (
	maxURLLength     = 2048 // characters
	maxSettingLength = 1024 // characters
	maxGroupRoles    = 100
)

// Options are the dependencies of [New] besides the environment.
type Options struct {
	Auth  *auth.Auth
	Audit *audit.Log
	// PublicURL overrides the setting; nil: the setting applies.
	PublicURL *url.URL
	// LocalURL is the URL at which this machine reaches the server, used while no
	// public URL is set. It may be nil.
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
