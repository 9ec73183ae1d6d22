package servicetest

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// role stores a role.
func (f *Fixture) AddRole(permissions ...access.Permission) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx account.Tx) (err error) {
		id, err = tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: permissions})
		return err
	})
	return id
}

// defaultRoles stores which roles new users get.
func (f *Fixture) SetDefaultRoles(ids ...int64) {
	f.T.Helper()
	text := "["
	for i, id := range ids {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprint(id)
	}
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
		return tx.SaveSetting(ctx, "application", `{"DefaultRoleIDs":`+text+`]}`)
	})
}

// ask asks for permissions.
func Requests(permissions ...access.Permission) []access.PermissionRequest {
	drafts := make([]access.PermissionRequest, len(permissions))
	for i, p := range permissions {
		drafts[i] = access.PermissionRequest{Entity: p.Entity, Action: p.Action}
		switch p.Scope {
		case access.ScopeIDs:
			drafts[i].IDs = &p.IDs
		case access.ScopeSelf:
			drafts[i].DynamicID = access.SelfUserID
		}
	}
	return drafts
}

// storedRole returns a role as it is stored.
func (f *Fixture) StoredRole(id int64) access.Role {
	f.T.Helper()
	roles := Must(f.Store.Inner.Roles(f.T.Context(), []int64{id}))
	if len(roles) != 1 {
		f.T.Fatalf("there is no role %d", id)
	}
	return roles[0]
}

// may is a permission with scope all, or for the ids alone.
func Permit(e access.Entity, a access.Action, ids ...int64) access.Permission {
	if len(ids) > 0 {
		return access.Permission{Entity: e, Action: a, Scope: access.ScopeIDs, IDs: ids}
	}
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeAll}
}

// self is a permission for oneself.
func PermitSelf(e access.Entity, a access.Action) access.Permission {
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeSelf}
}
