// Package role creates, copies, changes and deletes roles and their permissions.
package role

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// store is the part of the storage that operations on roles read outside of transactions.
type store interface {
	account.RoleReader
	account.SettingReader
}

// Roles has the operations on roles. Its methods are safe for concurrent use.
type Roles struct {
	store    store
	settings *settings.Settings
	auth     *auth.Auth
	audit    *audit.Log
}

// New returns the operations on roles.
func New(env account.Env, settings *settings.Settings, auth *auth.Auth, audit *audit.Log) *Roles {
	return &Roles{store: env.Store, settings: settings, auth: auth, audit: audit}
}

// Role returns one role. It fails as [account.Allow] does, and with CodeNotFound.
func (s *Roles) Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, id); err != nil {
		return access.Role{}, err
	}
	return findRole(ctx, s.store, id)
}

// DefaultRoles returns those default roles of new users that the caller may read.
func (s *Roles) DefaultRoles(ctx context.Context, caller *account.Principal) ([]access.Role, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityRole, access.Any); err != nil {
		return nil, err
	}
	settings, err := account.LoadApplicationSettings(ctx, s.store)
	if err != nil {
		return nil, err
	}
	roles, err := s.store.Roles(ctx, settings.DefaultRoleIDs)
	return readable(caller, roles), err
}

// findRole returns the role with this id. If there is none, it fails with CodeNotFound.
func findRole(ctx context.Context, r account.RoleReader, id int64) (access.Role, error) {
	roles, err := r.Roles(ctx, []int64{id})
	if err == nil && len(roles) == 0 {
		err = account.NotFound()
	}
	if err != nil {
		return access.Role{}, err
	}
	return roles[0], nil
}

// readable returns the roles that the caller may read.
func readable(caller *account.Principal, roles []access.Role) []access.Role {
	var found []access.Role
	for _, r := range roles {
		if account.Allow(caller, access.ActionRead, access.EntityRole, r.ID) == nil {
			found = append(found, r)
		}
	}
	return found
}

// roleTarget names a role in the activity log.
func roleTarget(r access.Role) account.Target {
	return account.Target{Kind: access.EntityRole, ID: r.ID, Name: r.Name}
}
