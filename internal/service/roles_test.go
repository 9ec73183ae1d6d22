package service_test

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

// ask asks for permissions.
func ask(permissions ...access.Permission) []access.PermissionRequest {
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
func (f *fixture) storedRole(id int64) access.Role {
	f.t.Helper()
	roles := must(f.store.under.Roles(f.t.Context(), []int64{id}))
	if len(roles) != 1 {
		f.t.Fatalf("there is no role %d", id)
	}
	return roles[0]
}

// holding returns a new principal with these permissions.
func (f *fixture) holding(email string, permissions ...access.Permission) *account.Principal {
	f.t.Helper()
	f.user(email, f.role(permissions...))
	return f.as(email)
}

func TestListRolesShowsWhatMayBeRead(t *testing.T) {
	f := newFixture(t)
	for range 60 { // more than a page
		f.role()
	}
	last := f.role(may(user, read))
	listed := func(p *account.Principal) (ids []int64, err error) {
		err = f.ListRoles(t.Context(), p, func(r access.Role) error {
			ids = append(ids, r.ID)
			return nil
		})
		return ids, err
	}
	summarised := func(p *account.Principal, after int64) (ids []int64, err error) {
		err = f.ListRoleSummaries(t.Context(), p, after, func(r account.RoleSummary) error {
			ids = append(ids, r.ID)
			return nil
		})
		return ids, err
	}
	all := must(listed(f.as(adminEmail)))
	if got := must(summarised(f.as(adminEmail), 0)); !slices.Equal(got, all) {
		t.Errorf("summaries of %v, want %v", got, all)
	}
	if got := must(summarised(f.as(adminEmail), all[3])); !slices.Equal(got, all[4:]) {
		t.Errorf("summaries after %d: %v, want %v", all[3], got, all[4:])
	}
	if len(all) != 63 || !slices.IsSorted(all) {
		t.Errorf("the administrator sees %v", all)
	}
	ann := f.holding("ann@example.org", may(role, read, 2, last))
	if got := must(listed(ann)); !slices.Equal(got, []int64{2, last}) {
		t.Errorf("who may read two sees %v", got)
	}
	if got := must(summarised(ann, 0)); !slices.Equal(got, []int64{2, last}) {
		t.Errorf("who may read two sees summaries of %v", got)
	}
	_, err := f.Role(t.Context(), ann, 1)
	wantCode(t, err, account.CodeNotFound)
	if got := must(f.Role(t.Context(), ann, last)); !reflect.DeepEqual(got, f.storedRole(last)) {
		t.Errorf("got %+v", got)
	}
	if got := must(f.DefaultRoles(t.Context(), ann)); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("the default roles are %+v", got)
	}
	bob := f.holding("bob@example.org", may(role, read, 1))
	if got := must(f.DefaultRoles(t.Context(), bob)); len(got) != 0 {
		t.Errorf("who may not read them sees the default roles %+v", got)
	}
	eve := f.holding("eve@example.org", may(user, read))
	_, err = listed(eve)
	wantCode(t, err, account.CodeForbidden)
	_, err = summarised(eve, 0)
	wantCode(t, err, account.CodeForbidden)
	_, err = f.DefaultRoles(t.Context(), eve)
	wantCode(t, err, account.CodeForbidden)
}

// Whom nothing is refused covers every role, and none is read to find it out.
func TestCoveredRoles(t *testing.T) {
	f := newFixture(t)
	few, many, unseen := f.role(may(user, read, 3)), f.role(may(user, create)), f.role()
	ids := []int64{1, few, many, unseen}
	reads := f.store.during(func() {
		if got := must(f.CoveredRoles(t.Context(), f.as(adminEmail), ids)); !got[1] || !got[few] || !got[many] || !got[unseen] {
			t.Errorf("the administrator covers %v", got)
		}
	})
	if reads["Roles"] != 0 {
		t.Errorf("the store was asked %v", reads)
	}
	ann := f.holding("ann@example.org", may(user, read), may(role, read, 1, few, many))
	got := must(f.CoveredRoles(t.Context(), ann, ids))
	if got[1] || !got[few] || got[many] || got[unseen] {
		t.Errorf("who may read users covers %v", got)
	}
	_, err := f.CoveredRoles(t.Context(), f.holding("eve@example.org", may(user, read)), ids)
	wantCode(t, err, account.CodeForbidden)
}

func TestCreateRoles(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	got := must(f.CreateRoles(t.Context(), admin, []account.NewRole{{Name: "Desk", Description: "d"}, {Name: "Audit"}}))
	for i, want := range []access.Role{{Name: "Desk", Description: "d"}, {Name: "Audit"}} {
		want.ID = got[i].ID
		if !reflect.DeepEqual(got[i], want) || !reflect.DeepEqual(f.storedRole(want.ID), want) {
			t.Errorf("answered %+v, stored %+v, want %+v", got[i], f.storedRole(want.ID), want)
		}
	}
	for _, test := range []struct {
		name  string
		roles []account.NewRole
		code  account.Code
		paths []string
	}{
		{"none", nil, account.CodeInvalid, []string{""}},
		{"too many", make([]account.NewRole, 101), account.CodeInvalid, []string{""}},
		{"no names", []account.NewRole{{Name: " "}, {Name: "New"}}, account.CodeInvalid, []string{"/0/name"}},
		{"twice", []account.NewRole{{Name: "New"}, {Name: "NEW"}}, account.CodeInvalid, []string{"/1/name"}},
		{"taken", []account.NewRole{{Name: "New"}, {Name: "dESK"}}, account.CodeRoleNameTaken, []string{"/1/name"}},
	} {
		_, err := f.CreateRoles(t.Context(), admin, test.roles)
		wantPaths(t, err, test.code, test.paths...)
	}
	_, err := f.CreateRoles(t.Context(), f.holding("ann@example.org", may(role, edit), may(role, read)), []account.NewRole{{Name: "New"}})
	wantCode(t, err, account.CodeForbidden)
	must(f.CreateRoles(t.Context(), f.holding("bob@example.org", may(role, create)), []account.NewRole{{Name: "New"}})) // none of the refused was kept
}

func TestCopyRole(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	all := must(f.CopyRole(t.Context(), admin, 1, "Today's administrator"))
	if want := (access.Role{ID: 1}).Expand(); !reflect.DeepEqual(f.storedRole(all.ID).Permissions, want) || !reflect.DeepEqual(all.Permissions, want) {
		t.Errorf("a copy of role 1 has %v", f.storedRole(all.ID).Permissions)
	}
	original := f.role(may(user, read), may(user, edit, 3), self(user, edit))
	copied := must(f.CopyRole(t.Context(), admin, original, "Copy"))
	want := f.storedRole(original)
	want.ID, want.Name = copied.ID, "Copy"
	if !reflect.DeepEqual(copied, want) || !reflect.DeepEqual(f.storedRole(copied.ID), want) {
		t.Errorf("answered %+v, stored %+v, want %+v", copied, f.storedRole(copied.ID), want)
	}
	_, err := f.CopyRole(t.Context(), admin, original, "COPY")
	wantPaths(t, err, account.CodeRoleNameTaken, "/name")
	_, err = f.CopyRole(t.Context(), admin, original, "")
	wantPaths(t, err, account.CodeInvalid, "/name")
	_, err = f.CopyRole(t.Context(), admin, 999, "Another")
	wantCode(t, err, account.CodeNotFound)
	for name, permissions := range map[string][]access.Permission{
		"no create":      {may(role, read), may(user, read), may(user, edit)},
		"does not cover": {may(role, read), may(role, create), may(user, read)},
	} {
		_, err := f.CopyRole(t.Context(), f.holding(name[:2]+"@example.org", permissions...), original, "Another")
		wantCode(t, err, account.CodeForbidden)
	}
}

func TestUpdateRole(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	id := f.role(may(user, read))
	got := must(f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: ptr("Desk"), Description: ptr("d")}))
	want := access.Role{ID: id, Name: "Desk", Description: "d", Permissions: []access.Permission{may(user, read)}}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(f.storedRole(id), want) {
		t.Errorf("answered %+v, stored %+v, want %+v", got, f.storedRole(id), want)
	}
	must(f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: ptr("DESK"), Description: ptr("")}))
	_, err := f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: ptr("user")})
	wantPaths(t, err, account.CodeRoleNameTaken, "/name")
	_, err = f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: ptr("")})
	wantPaths(t, err, account.CodeInvalid, "/name")
	_, err = f.UpdateRole(t.Context(), f.holding("ann@example.org", may(role, read), may(role, edit)), id, account.RoleUpdate{Name: ptr("Mine")})
	wantCode(t, err, account.CodeForbidden)
}

func TestBuiltInRolesStay(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	eve := f.holding("eve@example.org", may(role, read), may(role, edit), may(role, remove))
	for _, id := range []int64{1, 2} {
		was := f.storedRole(id)
		for who, code := range map[*account.Principal]account.Code{admin: account.CodeBuiltInRole, eve: account.CodeForbidden} {
			_, err := f.UpdateRole(t.Context(), who, id, account.RoleUpdate{Description: ptr("x")})
			wantCode(t, err, code)
			_, err = f.SetRolePermissions(t.Context(), who, id, nil)
			wantCode(t, err, code)
			wantCode(t, f.DeleteRole(t.Context(), who, id, 0), code)
			wantCode(t, f.DeleteRole(t.Context(), who, id, 3-id), code)
		}
		if !reflect.DeepEqual(f.storedRole(id), was) {
			t.Errorf("role %d is %+v", id, f.storedRole(id))
		}
	}
}

func TestSetRolePermissions(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	id := f.role(may(user, read))
	wanted := []access.Permission{may(user, read, 4, 9), self(user, read), may("dashboard", "edit", 1)}
	got := must(f.SetRolePermissions(t.Context(), admin, id, ask(may(user, read, 9), self(user, read), may("dashboard", "edit", 1), may(user, read, 4, 9))))
	if !reflect.DeepEqual(got.Permissions, wanted) || !reflect.DeepEqual(f.storedRole(id).Permissions, wanted) {
		t.Errorf("answered %v, stored %v, want %v", got.Permissions, f.storedRole(id).Permissions, wanted)
	}
	_, err := f.SetRolePermissions(t.Context(), admin, id, ask(may(user, "read?"), may(user, create, 3)))
	wantPaths(t, err, account.CodeInvalid, "/0/action", "/1/entityIds")
	_, err = f.SetRolePermissions(t.Context(), admin, id, ask(may(user, read), may(role, assign), may(role, read, 3)))
	wantPaths(t, err, account.CodePermissionNeedsRead, "/1/action")
	if got := must(f.SetRolePermissions(t.Context(), admin, id, nil)); len(got.Permissions) != 0 {
		t.Errorf("got %v", got.Permissions)
	}
}

// Of two who have seen the same the second is refused, also when both come at once.
func TestReplaceRolePermissions(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	seen := []access.Permission{may(user, read, 4, 9)}
	id := f.role(seen...)
	both := [][]access.Permission{{may(user, read)}, {may(role, read)}}
	errs := make([]error, len(both))
	var together sync.WaitGroup
	for i := range both {
		together.Go(func() { _, errs[i] = f.ReplaceRolePermissions(t.Context(), admin, id, seen, ask(both[i]...)) })
	}
	together.Wait()
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatalf("both were refused: %v", errs)
	}
	wantCode(t, errs[1-won], account.CodeRoleChanged)
	if got := f.storedRole(id).Permissions; !reflect.DeepEqual(got, both[won]) {
		t.Errorf("the role has %v, want %v", got, both[won])
	}
	must(f.ReplaceRolePermissions(t.Context(), admin, id, both[won], nil))
	_, err := f.ReplaceRolePermissions(t.Context(), f.holding("ann@example.org", may(role, read), may(role, edit)), id, seen, ask(may(user, read)))
	wantCode(t, err, account.CodeRoleChanged)
	_, err = f.ReplaceRolePermissions(t.Context(), f.holding("bob@example.org", may(role, read)), id, seen, nil)
	wantCode(t, err, account.CodeForbidden)
}

func TestSetRolePermissionsRefuses(t *testing.T) {
	f := newFixture(t)
	base := []access.Permission{may(role, read), may(role, edit), may(user, read), may("dashboard", "edit")}
	ann := f.holding("ann@example.org", base...)
	for _, test := range []struct {
		name        string
		was, wanted []access.Permission
		want        account.Code
	}{
		{"what he has", []access.Permission{may(user, read)}, []access.Permission{may(role, read), may(user, read, 3)}, ""},
		{"more than he has", nil, []access.Permission{may(user, create)}, account.CodeForbidden},
		{"from more than he has", []access.Permission{may(user, create)}, nil, account.CodeForbidden},
		{"unknown", nil, []access.Permission{may("dashboard", "edit")}, account.CodeForbidden},
		{"unknown that is there", []access.Permission{may("dashboard", "edit")}, []access.Permission{may("dashboard", "edit"), may(user, read)}, ""},
		{"unknown, for others", []access.Permission{may("dashboard", "edit", 3)}, []access.Permission{may("dashboard", "edit", 4)}, account.CodeForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := f.role(test.was...)
			_, err := f.SetRolePermissions(t.Context(), ann, id, ask(test.wanted...))
			wantCode(t, err, test.want)
			if err != nil && !reflect.DeepEqual(f.storedRole(id).Permissions, test.was) {
				t.Errorf("it was refused, and the role has %v", f.storedRole(id).Permissions)
			}
		})
	}
	_, err := f.SetRolePermissions(t.Context(), f.holding("bob@example.org", may(role, read), may(user, read)), f.role(), nil)
	wantCode(t, err, account.CodeForbidden)
}

// A permission that is taken away no longer counts in the next call.
func TestRolePermissionsHoldAtOnce(t *testing.T) {
	f := newFixture(t)
	id := f.role(may(user, read))
	f.user("ann@example.org", id)
	in := f.signIn("ann@example.org", password)
	must(f.User(t.Context(), f.principal(in), 1))
	must(f.SetRolePermissions(t.Context(), f.as(adminEmail), id, nil))
	_, err := f.User(t.Context(), f.principal(in), 1)
	wantCode(t, err, account.CodeForbidden)
}
