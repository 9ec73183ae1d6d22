package service_test

import (
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestSetUserRoles(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	reads, hidden := f.role(may(user, read)), f.role(may(user, remove))
	got, err := f.SetUserRoles(t.Context(), f.as(adminEmail), id, []int64{reads, 2, hidden, 2, reads})
	if err != nil {
		t.Fatal(err)
	}
	want := []int64{2, reads, hidden}
	if !slices.Equal(got, want) || !slices.Equal(f.find(id).RoleIDs, want) {
		t.Errorf("answered %v, stored %v, want %v", got, f.find(id).RoleIDs, want)
	}
}

func TestSetUserRolesRefuses(t *testing.T) {
	f := newFixture(t)
	reads, removes := f.role(may(user, read)), f.role(may(user, remove))
	held := f.role(may(user, read))
	target := func() int64 { return f.userID("ann@example.org") }
	f.user("ann@example.org", held)
	base := []access.Permission{may(user, read), may(user, editAccess)}
	with := func(more ...access.Permission) []access.Permission { return append(slices.Clone(base), more...) }
	tests := []struct {
		name        string
		permissions []access.Permission
		roles       []int64
		want        account.Code
		paths       []string
	}{
		{"none", with(may(role, read), may(role, assign)), nil, account.CodeInvalid, []string{"/roles"}},
		{"unknown", with(may(role, read), may(role, assign)), []int64{held, 98, 99}, account.CodeInvalid, []string{"/roles/1", "/roles/2"}},
		{"unknown twice", with(may(role, read), may(role, assign)), []int64{99, 99}, account.CodeInvalid, []string{"/roles/0", "/roles/1"}},
		{"not an id", with(may(role, read), may(role, assign)), []int64{held, 0, -1}, account.CodeInvalid, []string{"/roles/1", "/roles/2"}},
		{"unreadable", with(may(role, read, held), may(role, assign)), []int64{held, reads}, account.CodeInvalid, []string{"/roles/1"}},
		{"no assign", with(may(role, read)), []int64{held, reads}, account.CodeForbidden, nil},
		{"assign of another", with(may(role, read), may(role, assign, held)), []int64{held, reads}, account.CodeForbidden, nil},
		{"assign of the new one alone", with(may(role, read), may(role, assign, reads)), []int64{reads}, account.CodeForbidden, nil},
		{"more than he has", with(may(role, read), may(role, assign)), []int64{held, removes}, account.CodeForbidden, nil},
		{"administrator", with(may(role, read), may(role, assign)), []int64{held, 1}, account.CodeForbidden, nil},
		{"no edit-access", []access.Permission{may(user, read), may(user, edit), may(role, read), may(role, assign)}, []int64{reads}, account.CodeForbidden, nil},
		{"unchanged", with(may(role, assign, 7)), []int64{held, held}, "", nil},
		{"what he has", with(may(role, read), may(role, assign, reads)), []int64{held, reads}, "", nil},
		{"exchanged", with(may(role, read), may(role, assign)), []int64{held}, "", nil},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			email := string(rune('b'+i)) + "@example.org"
			f.user(email, f.role(test.permissions...))
			was := f.find(target()).RoleIDs
			got, err := f.SetUserRoles(t.Context(), f.as(email), target(), test.roles)
			if test.want == "" {
				wantCode(t, err, "")
				return
			}
			wantPaths(t, err, test.want, test.paths...)
			if now := f.find(target()).RoleIDs; got != nil || !slices.Equal(now, was) {
				t.Errorf("it answered %v, and the roles were %v and are %v", got, was, now)
			}
		})
	}
}

func TestSetRolesOfNobody(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org", f.role(may(user, read), may(user, editAccess), may(role, read), may(role, assign)))
	_, err := f.SetUserRoles(t.Context(), f.as("ann@example.org"), 99, []int64{2})
	wantCode(t, err, account.CodeNotFound)
	f.user("bob@example.org", f.role(may(user, read, id), may(user, editAccess, id), may(role, assign)))
	_, err = f.SetUserRoles(t.Context(), f.as("bob@example.org"), 1, []int64{2})
	wantCode(t, err, account.CodeNotFound)
}

// Roles 1 and 2 are those of the first run.
func TestBuiltInRoles(t *testing.T) {
	f := newFixture(t)
	roles := must(f.store.Roles(t.Context(), []int64{1, 2}))
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

// A change of roles leaves those alone that it does not name, and is held to the same
// rules as a replacement of all.
func TestChangeUserRoles(t *testing.T) {
	f := newFixture(t)
	reader := f.role(access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll})
	id := f.user("ann@example.org", access.UserRole)
	f.user("weak@example.org", access.UserRole)
	admin := f.as(adminEmail)
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
		if err != nil || !slices.Equal(got, test.want) || !slices.Equal(f.find(id).RoleIDs, test.want) {
			t.Errorf("give %v, take %v: %v, %v; stored %v", test.give, test.take, got, err, f.find(id).RoleIDs)
		}
	}
	_, err := f.ChangeUserRoles(t.Context(), admin, id, nil, []int64{access.UserRole})
	wantPaths(t, err, account.CodeInvalid, "/roles")
	_, err = f.ChangeUserRoles(t.Context(), admin, id, []int64{reader, 99}, nil)
	wantPaths(t, err, account.CodeInvalid, "/roles/1")
	_, err = f.ChangeUserRoles(t.Context(), admin, admin.User.ID, []int64{reader}, admin.User.RoleIDs)
	wantCode(t, err, account.CodeLastAdministrator)
	_, err = f.ChangeUserRoles(t.Context(), f.as("weak@example.org"), id, []int64{access.AdministratorRole}, nil)
	wantCode(t, err, account.CodeForbidden)
}
