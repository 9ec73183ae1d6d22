package user_test

import (
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestSetUserRoles(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	reader, deleter := f.AddRole(servicetest.Permit("user:read")), f.AddRole(servicetest.Permit("user:delete"))
	got, err := f.SetUserRoles(t.Context(), f.Admin(), id, []int64{reader, 2, deleter, 2, reader})
	if err != nil {
		t.Fatal(err)
	}
	want := []int64{2, reader, deleter}
	if !slices.Equal(got, want) || !slices.Equal(f.StoredUser(id).RoleIDs, want) {
		t.Errorf("answered %v, stored %v, want %v", got, f.StoredUser(id).RoleIDs, want)
	}
}

func TestSetUserRolesRefuses(t *testing.T) {
	f := servicetest.New(t)
	reader, deleter := f.AddRole(servicetest.Permit("user:read")), f.AddRole(servicetest.Permit("user:delete"))
	assigned := f.AddRole(servicetest.Permit("user:read"))
	target := func() int64 { return f.UserID("ann@example.org") }
	f.AddUser("ann@example.org", assigned)
	base := servicetest.Permissions("user:read", "user:edit-access")
	with := func(more ...access.Permission) []access.Permission { return append(slices.Clone(base), more...) }
	assign := with(servicetest.Permissions("role:read", "role:assign")...)
	tests := []struct {
		name        string
		permissions []access.Permission
		roles       []int64
		want        account.Code
		paths       []string
	}{
		{"none", assign, nil, account.CodeInvalid, []string{"/roles"}},
		{"unknown", assign, []int64{assigned, 98, 99}, account.CodeInvalid, []string{"/roles/1", "/roles/2"}},
		{"unknown twice", assign, []int64{99, 99}, account.CodeInvalid, []string{"/roles/0", "/roles/1"}},
		{"not an id", assign, []int64{assigned, 0, -1}, account.CodeInvalid, []string{"/roles/1", "/roles/2"}},
		{
			"unreadable", with(servicetest.Permit("role:read", assigned), servicetest.Permit("role:assign")),
			[]int64{assigned, reader}, account.CodeInvalid, []string{"/roles/1"},
		},
		{"no assign", with(servicetest.Permit("role:read")), []int64{assigned, reader}, account.CodeForbidden, nil},
		{
			"assign of another", with(servicetest.Permit("role:read"), servicetest.Permit("role:assign", assigned)),
			[]int64{assigned, reader}, account.CodeForbidden, nil,
		},
		{
			"assign of the new role only", with(servicetest.Permit("role:read"), servicetest.Permit("role:assign", reader)),
			[]int64{reader}, account.CodeForbidden, nil,
		},
		{"more than the caller has", assign, []int64{assigned, deleter}, account.CodeForbidden, nil},
		{"administrator", assign, []int64{assigned, 1}, account.CodeForbidden, nil},
		{
			"no edit-access", servicetest.Permissions("user:read", "user:edit", "role:read", "role:assign"),
			[]int64{reader}, account.CodeForbidden, nil,
		},
		{"unchanged", with(servicetest.Permit("role:assign", 7)), []int64{assigned, assigned}, "", nil},
		{
			"permissions of the caller", with(servicetest.Permit("role:read"), servicetest.Permit("role:assign", reader)),
			[]int64{assigned, reader}, "", nil,
		},
		{"removed", assign, []int64{assigned}, "", nil},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			email := string(rune('b'+i)) + "@example.org"
			f.AddUser(email, f.AddRole(test.permissions...))
			before := f.StoredUser(target()).RoleIDs
			got, err := f.SetUserRoles(t.Context(), f.As(email), target(), test.roles)
			if test.want == "" {
				servicetest.WantCode(t, err, "")
				return
			}
			servicetest.WantPaths(t, err, test.want, test.paths...)
			if after := f.StoredUser(target()).RoleIDs; got != nil || !slices.Equal(after, before) {
				t.Errorf("the call returned %v; the roles were %v and are %v", got, before, after)
			}
		})
	}
}

func TestSetRolesOfMissingUser(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org",
		f.AddRole(servicetest.Permissions("user:read", "user:edit-access", "role:read", "role:assign")...))
	_, err := f.SetUserRoles(t.Context(), f.As("ann@example.org"), 99, []int64{2})
	servicetest.WantCode(t, err, account.CodeNotFound)
	f.AddUser("bob@example.org", f.AddRole(servicetest.Permit("user:read", id),
		servicetest.Permit("user:edit-access", id), servicetest.Permit("role:assign")))
	_, err = f.SetUserRoles(t.Context(), f.As("bob@example.org"), 1, []int64{2})
	servicetest.WantCode(t, err, account.CodeNotFound)
}

// SetUp creates role 1 for administrators and role 2 for users.
func TestBuiltInRoles(t *testing.T) {
	f := servicetest.New(t)
	roles := servicetest.Must(f.Store.Roles(t.Context(), []int64{1, 2}))
	if len(roles) != 2 || len(roles[0].Permissions) != 0 || len(roles[1].Permissions) != 8 {
		t.Fatalf("the roles are %+v", roles)
	}
	for _, p := range roles[1].Permissions {
		if p.Scope != access.ScopeSelf || !slices.Contains(access.OwnedByUser, p.Entity) {
			t.Errorf("role 2 has %+v", p)
		}
	}
	all := roles[0].Expand()
	n := 0
	for _, known := range access.Registry {
		for _, a := range known.Actions {
			if !slices.ContainsFunc(all, func(p access.Permission) bool {
				return p.Entity == known.Entity && p.Action == a && p.Scope == access.ScopeAll && len(p.IDs) == 0
			}) {
				t.Errorf("role 1 does not show %s:%s", known.Entity, a)
			}
			n++
		}
	}
	if len(all) != n {
		t.Errorf("role 1 shows %d permissions, want %d", len(all), n)
	}
	if got := roles[1].Expand(); len(got) != 8 {
		t.Errorf("role 2 shows %v", got)
	}
}

// ChangeUserRoles keeps the roles that the request does not name. It has the same limits as
// SetUserRoles.
func TestChangeUserRoles(t *testing.T) {
	f := servicetest.New(t)
	reader := f.AddRole(servicetest.Permit("user:read"))
	id := f.AddUser("ann@example.org", access.UserRole)
	f.AddUser("weak@example.org", access.UserRole)
	admin := f.Admin()
	tests := []struct {
		give, take, want []int64
	}{
		{give: []int64{reader}, want: []int64{access.UserRole, reader}},
		{give: []int64{reader}, want: []int64{access.UserRole, reader}},
		{take: []int64{access.UserRole}, want: []int64{reader}},
		{give: []int64{access.AdministratorRole}, take: []int64{reader}, want: []int64{access.AdministratorRole}},
		{give: []int64{access.UserRole}, take: []int64{access.AdministratorRole}, want: []int64{access.UserRole}},
	}
	for _, test := range tests {
		got, err := f.ChangeUserRoles(t.Context(), admin, id, test.give, test.take)
		if err != nil || !slices.Equal(got, test.want) || !slices.Equal(f.StoredUser(id).RoleIDs, test.want) {
			t.Errorf("give %v, take %v: %v, %v; stored %v", test.give, test.take, got, err, f.StoredUser(id).RoleIDs)
		}
	}
	_, err := f.ChangeUserRoles(t.Context(), admin, id, nil, []int64{access.UserRole})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/roles")
	_, err = f.ChangeUserRoles(t.Context(), admin, id, []int64{reader, 99}, nil)
	servicetest.WantPaths(t, err, account.CodeInvalid, "/roles/1")
	_, err = f.ChangeUserRoles(t.Context(), admin, admin.User.ID, []int64{reader}, admin.User.RoleIDs)
	servicetest.WantCode(t, err, account.CodeLastAdministrator)
	_, err = f.ChangeUserRoles(t.Context(), f.As("weak@example.org"), id, []int64{access.AdministratorRole}, nil)
	servicetest.WantCode(t, err, account.CodeForbidden)
}
