// Package role creates, copies, changes and deletes roles and their permissions.
//
// It imports settings, auth, audit, account and the packages below them.
package role

import (
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// Roles are the operations on roles. Its methods are safe for concurrent use.
type Roles struct {
	store    account.Store
	settings *settings.Settings
	auth     *auth.Auth
	audit    *audit.Log
}

// New returns the operations on roles.
func New(env account.Env, settings *settings.Settings, auth *auth.Auth, audit *audit.Log) *Roles {
	return &Roles{store: env.Store, settings: settings, auth: auth, audit: audit}
}
