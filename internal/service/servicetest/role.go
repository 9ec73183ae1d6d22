package servicetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// AddRole stores a role with a random name and returns its id.
func (f *Fixture) AddRole(permissions ...access.Permission) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
		id, err = tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: permissions})
		return err
	})
	return id
}

// StoreDefaultRoles stores the roles that new users get, without the rules.
func (f *Fixture) StoreDefaultRoles(ids ...int64) {
	f.T.Helper()
	text := "["
	for i, id := range ids {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(id)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.SaveSetting(ctx, "application", `{"DefaultRoleIDs":`+text+`]}`)
	})
}

// RequestsFor returns the requests for permissions.
func RequestsFor(permissions ...access.Permission) []access.PermissionRequest {
	requests := make([]access.PermissionRequest, len(permissions))
	for i, p := range permissions {
		requests[i] = access.PermissionRequest{Entity: p.Entity, Action: p.Action}
		switch p.Scope {
		case access.ScopeIDs:
			requests[i].IDs = &p.IDs
		case access.ScopeSelf:
			requests[i].DynamicID = access.SelfUserID
		}
	}
	return requests
}

// StoredRole returns a role from the inner store.
func (f *Fixture) StoredRole(id int64) access.Role {
	f.T.Helper()
	roles := Must(f.Store.Inner.Roles(f.T.Context(), []int64{id}))
	if len(roles) != 1 {
		f.T.Fatalf("there is no role %d", id)
	}
	return roles[0]
}

// Permit returns a permission for ids, or for everything without ids. The permission is an entity
// and an action, such as "user:read".
func Permit(permission string, ids ...int64) access.Permission {
	entity, action, _ := strings.Cut(permission, ":")
	p := access.Permission{Entity: access.Entity(entity), Action: access.Action(action), Scope: access.ScopeAll}
	if len(ids) > 0 {
		p.Scope, p.IDs = access.ScopeIDs, ids
	}
	return p
}

// PermitSelf returns a permission for the caller's own data, such as "user:edit".
func PermitSelf(permission string) access.Permission {
	p := Permit(permission)
	p.Scope = access.ScopeSelf
	return p
}

// Permissions returns permissions for everything, such as "user:read".
func Permissions(permissions ...string) []access.Permission {
	all := make([]access.Permission, len(permissions))
	for i, p := range permissions {
		all[i] = Permit(p)
	}
	return all
}
