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

// StoreDefaultRoles stores the roles that new users get. It writes to the database directly.
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

// RequestsFor converts permissions to the requests with which a caller sets them.
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

// StoredRole reads a role directly from the database.
func (f *Fixture) StoredRole(id int64) access.Role {
	f.T.Helper()
	roles := Must(f.Store.Inner.Roles(f.T.Context(), []int64{id}))
	if len(roles) != 1 {
		f.T.Fatalf("there is no role %d", id)
	}
	return roles[0]
}

// Permit returns a permission such as "user:read", an entity and an action. It is limited to ids,
// if there are any.
func Permit(permission string, ids ...int64) access.Permission {
	entity, action, _ := strings.Cut(permission, ":")
	p := access.Permission{Entity: access.Entity(entity), Action: access.Action(action), Scope: access.ScopeAll}
	if len(ids) > 0 {
		p.Scope, p.IDs = access.ScopeIDs, ids
	}
	return p
}

// PermitSelf returns a permission such as "user:edit" that is limited to the caller's own data.
func PermitSelf(permission string) access.Permission {
	p := Permit(permission)
	p.Scope = access.ScopeSelf
	return p
}

// Permissions returns permissions such as "user:read", without a limit to ids.
func Permissions(permissions ...string) []access.Permission {
	all := make([]access.Permission, len(permissions))
	for i, p := range permissions {
		all[i] = Permit(p)
	}
	return all
}
