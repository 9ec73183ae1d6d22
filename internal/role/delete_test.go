package role_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// newUserRoles creates a user and returns the default roles that the new user got.
func newUserRoles(f *servicetest.Fixture, email string) []int64 {
	f.T.Helper()
	users := []account.NewUser{servicetest.NewUser(email)}
	return servicetest.Must(f.CreateUsers(f.T.Context(), f.Admin(), users))[0].RoleIDs
}

func TestDeleteRole(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddRole(servicetest.Permit("user:read"))
	list := f.AddRole(servicetest.Permit("role:read", id))
	servicetest.WantCode(t, f.DeleteRole(t.Context(), f.Admin(), id, 0), "")
	servicetest.WantCode(t, f.DeleteRole(t.Context(), f.Admin(), id, 0), account.CodeNotFound)
	if got := f.StoredRole(list).Permissions; len(got) != 0 {
		t.Errorf("the permissions for the deleted role became %v, want none", got)
	}
	ann := principalWithPermissions(f, "ann@example.org", servicetest.Permissions("role:read", "role:delete")...)
	servicetest.WantCode(t, f.DeleteRole(t.Context(), ann, f.AddRole(servicetest.Permit("user:read")), 0),
		account.CodeForbidden)
	servicetest.WantCode(t, f.DeleteRole(t.Context(), ann, f.AddRole(servicetest.Permit("role:read")), 0), "")
}

func TestDeleteRoleInUse(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	assigned, isDefault, replacement := f.AddRole(), f.AddRole(), f.AddRole()
	ann := f.AddUser("ann@example.org", assigned, 2)
	bob := f.AddUser("bob@example.org", assigned, replacement)
	f.StoreDefaultRoles(isDefault, 2)
	for _, id := range []int64{assigned, isDefault} {
		servicetest.WantCode(t, f.DeleteRole(t.Context(), admin, id, 0), account.CodeRoleInUse)
		for _, bad := range []int64{id, 999, -1} {
			servicetest.WantPaths(t, f.DeleteRole(t.Context(), admin, id, bad), account.CodeInvalid, "/query/replaceWith")
		}
		servicetest.WantCode(t, f.DeleteRole(t.Context(), admin, id, replacement), "")
	}
	for id, want := range map[int64][]int64{ann: {2, replacement}, bob: {replacement}} {
		if got := f.StoredUser(id).RoleIDs; !slices.Equal(got, want) {
			t.Errorf("user %d has the roles %v, want %v", id, got, want)
		}
	}
	if got := newUserRoles(f, "new@example.org"); !slices.Equal(got, []int64{2, replacement}) {
		t.Errorf("a new user gets the roles %v", got)
	}
	if !slices.Equal(access.DefaultRoles, []int64{2}) {
		t.Errorf("access.DefaultRoles became %v", access.DefaultRoles)
	}
}

func TestDeleteRoleRefusesToReplace(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddRole(servicetest.Permit("user:read"))
	replacement := f.AddRole(servicetest.Permit("user:edit"))
	more := f.AddRole(servicetest.Permit("user:create"))
	ann := f.AddUser("ann@example.org", id)
	full := []access.Permission{
		servicetest.Permit("role:read"), servicetest.Permit("role:delete"), servicetest.Permit("role:assign"),
		servicetest.Permit("user:read"), servicetest.Permit("user:edit-access"), servicetest.Permit("user:edit"),
	}
	without := func(p access.Permission, instead ...access.Permission) []access.Permission {
		return append(slices.DeleteFunc(slices.Clone(full), p.Equal), instead...)
	}
	for i, test := range []struct {
		name        string
		permissions []access.Permission
		want        account.Code
	}{
		{"no assign", without(servicetest.Permit("role:assign")), account.CodeForbidden},
		{
			"assign of the deleted role only",
			without(servicetest.Permit("role:assign"), servicetest.Permit("role:assign", id)), account.CodeForbidden,
		},
		{
			"assign of the replacement only",
			without(servicetest.Permit("role:assign"), servicetest.Permit("role:assign", replacement)), account.CodeForbidden,
		},
		{
			"edit-access of one user only",
			without(servicetest.Permit("user:edit-access"), servicetest.Permit("user:edit-access", ann)), account.CodeForbidden,
		},
		{"does not cover the deleted role", without(servicetest.Permit("user:read")), account.CodeForbidden},
		{"does not cover the replacement", without(servicetest.Permit("user:edit")), account.CodeForbidden},
		{
			"cannot read the replacement",
			without(servicetest.Permit("role:read"), servicetest.Permit("role:read", id)), account.CodeInvalid,
		},
		{
			"delete of the replacement only",
			without(servicetest.Permit("role:delete"), servicetest.Permit("role:delete", replacement)), account.CodeForbidden,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := principalWithPermissions(f, fmt.Sprintf("p%d@example.org", i), test.permissions...)
			servicetest.WantCode(t, f.DeleteRole(t.Context(), p, id, replacement), test.want)
		})
	}
	bob := f.AddUser("bob@example.org", id, more)
	p := principalWithPermissions(f, "enough@example.org", full...)
	servicetest.WantCode(t, f.DeleteRole(t.Context(), p, id, replacement), account.CodeForbidden) // Bob has more
	f.StoreRolesOf(bob, 2)
	servicetest.WantCode(t, f.DeleteRole(t.Context(), p, id, 1), account.CodeForbidden)
	servicetest.WantCode(t, f.DeleteRole(t.Context(), p, id, replacement), "")
	if got := f.StoredUser(ann).RoleIDs; !slices.Equal(got, []int64{replacement}) {
		t.Errorf("Ann has the roles %v, want the replacement", got)
	}
}
