package role_test

import (
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// principalWithPermissions adds a user with one new role, which has the permissions, and signs
// the user in.
func principalWithPermissions(
	f *servicetest.Fixture, email string, permissions ...access.Permission,
) *account.Principal {
	f.T.Helper()
	f.AddUser(email, f.AddRole(permissions...))
	return f.As(email)
}

func TestListRolesShowsReadableRoles(t *testing.T) {
	f := servicetest.New(t)
	for range 60 { // more than one batch
		f.AddRole()
	}
	last := f.AddRole(servicetest.Permit("user:read"))
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
	all := servicetest.Must(listed(f.Admin()))
	if got := servicetest.Must(summarised(f.Admin(), 0)); !slices.Equal(got, all) {
		t.Errorf("summaries of %v, want %v", got, all)
	}
	if got := servicetest.Must(summarised(f.Admin(), all[3])); !slices.Equal(got, all[4:]) {
		t.Errorf("summaries after %d: %v, want %v", all[3], got, all[4:])
	}
	if len(all) != 63 || !slices.IsSorted(all) {
		t.Errorf("the administrator sees %v", all)
	}
	ann := principalWithPermissions(f, "ann@example.org", servicetest.Permit("role:read", 2, last))
	if got := servicetest.Must(listed(ann)); !slices.Equal(got, []int64{2, last}) {
		t.Errorf("Ann sees %v, want the two readable roles", got)
	}
	if got := servicetest.Must(summarised(ann, 0)); !slices.Equal(got, []int64{2, last}) {
		t.Errorf("Ann sees summaries of %v, want the two readable roles", got)
	}
	_, err := f.Role(t.Context(), ann, 1)
	servicetest.WantCode(t, err, account.CodeNotFound)
	if got := servicetest.Must(f.Role(t.Context(), ann, last)); !reflect.DeepEqual(got, f.StoredRole(last)) {
		t.Errorf("got %+v", got)
	}
	if got := servicetest.Must(f.DefaultRoles(t.Context(), ann)); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("the default roles are %+v", got)
	}
	bob := principalWithPermissions(f, "bob@example.org", servicetest.Permit("role:read", 1))
	if got := servicetest.Must(f.DefaultRoles(t.Context(), bob)); len(got) != 0 {
		t.Errorf("Bob sees the default roles %+v, want none", got)
	}
	eve := principalWithPermissions(f, "eve@example.org", servicetest.Permit("user:read"))
	_, err = listed(eve)
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = summarised(eve, 0)
	servicetest.WantCode(t, err, account.CodeForbidden)
	_, err = f.DefaultRoles(t.Context(), eve)
	servicetest.WantCode(t, err, account.CodeForbidden)
}

// An administrator covers every role. The check then reads no role from the store.
func TestCoveredRoles(t *testing.T) {
	f := servicetest.New(t)
	weaker := f.AddRole(servicetest.Permit("user:read", 3))
	stronger := f.AddRole(servicetest.Permit("user:create"))
	hidden := f.AddRole()
	ids := []int64{1, weaker, stronger, hidden}
	reads := f.Store.CallsDuring(func() {
		got := servicetest.Must(f.CoveredRoles(t.Context(), f.Admin(), ids))
		if !got[1] || !got[weaker] || !got[stronger] || !got[hidden] {
			t.Errorf("the administrator covers %v", got)
		}
	})
	if reads["Roles"] != 0 {
		t.Errorf("the store was called: %v", reads)
	}
	ann := principalWithPermissions(f, "ann@example.org",
		servicetest.Permit("user:read"), servicetest.Permit("role:read", 1, weaker, stronger))
	got := servicetest.Must(f.CoveredRoles(t.Context(), ann, ids))
	if got[1] || !got[weaker] || got[stronger] || got[hidden] {
		t.Errorf("Ann covers %v, want role %d only", got, weaker)
	}
	eve := principalWithPermissions(f, "eve@example.org", servicetest.Permit("user:read"))
	_, err := f.CoveredRoles(t.Context(), eve, ids)
	servicetest.WantCode(t, err, account.CodeForbidden)
}

func TestCreateRoles(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	roles := []account.NewRole{{Name: "Desk", Description: "d"}, {Name: "Audit"}}
	got := servicetest.Must(f.CreateRoles(t.Context(), admin, roles))
	for i, want := range []access.Role{{Name: "Desk", Description: "d"}, {Name: "Audit"}} {
		want.ID = got[i].ID
		if !reflect.DeepEqual(got[i], want) || !reflect.DeepEqual(f.StoredRole(want.ID), want) {
			t.Errorf("answered %+v, stored %+v, want %+v", got[i], f.StoredRole(want.ID), want)
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
		servicetest.WantPaths(t, err, test.code, test.paths...)
	}
	_, err := f.CreateRoles(t.Context(), principalWithPermissions(f, "ann@example.org",
		servicetest.Permissions("role:edit", "role:read")...), []account.NewRole{{Name: "New"}})
	servicetest.WantCode(t, err, account.CodeForbidden)
	// None of the refused calls above has created the role "New".
	bob := principalWithPermissions(f, "bob@example.org", servicetest.Permit("role:create"))
	servicetest.Must(f.CreateRoles(t.Context(), bob, []account.NewRole{{Name: "New"}}))
}

func TestCopyRole(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	all := servicetest.Must(f.CopyRole(t.Context(), admin, 1, "Today's administrator"))
	stored := f.StoredRole(all.ID).Permissions
	if want := (access.Role{ID: 1}).Expand(); !reflect.DeepEqual(stored, want) ||
		!reflect.DeepEqual(all.Permissions, want) {
		t.Errorf("a copy of role 1 has %v", stored)
	}
	original := f.AddRole(servicetest.Permit("user:read"), servicetest.Permit("user:edit", 3),
		servicetest.PermitSelf("user:edit"))
	copied := servicetest.Must(f.CopyRole(t.Context(), admin, original, "Copy"))
	want := f.StoredRole(original)
	want.ID, want.Name = copied.ID, "Copy"
	if !reflect.DeepEqual(copied, want) || !reflect.DeepEqual(f.StoredRole(copied.ID), want) {
		t.Errorf("answered %+v, stored %+v, want %+v", copied, f.StoredRole(copied.ID), want)
	}
	_, err := f.CopyRole(t.Context(), admin, original, "COPY")
	servicetest.WantPaths(t, err, account.CodeRoleNameTaken, "/name")
	_, err = f.CopyRole(t.Context(), admin, original, "")
	servicetest.WantPaths(t, err, account.CodeInvalid, "/name")
	_, err = f.CopyRole(t.Context(), admin, 999, "Another")
	servicetest.WantCode(t, err, account.CodeNotFound)
	for name, permissions := range map[string][]access.Permission{
		"no create": {servicetest.Permit("role:read"), servicetest.Permit("user:read"), servicetest.Permit("user:edit")},
		"does not cover": {servicetest.Permit("role:read"), servicetest.Permit("role:create"),
			servicetest.Permit("user:read")},
	} {
		_, err := f.CopyRole(t.Context(), principalWithPermissions(f, name[:2]+"@example.org", permissions...), original,
			"Another")
		servicetest.WantCode(t, err, account.CodeForbidden)
	}
}

func TestUpdateRole(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	id := f.AddRole(servicetest.Permit("user:read"))
	got := servicetest.Must(f.UpdateRole(t.Context(), admin, id,
		account.RoleUpdate{Name: new("Desk"), Description: new("d")}))
	want := access.Role{ID: id, Name: "Desk", Description: "d", Permissions: servicetest.Permissions("user:read")}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(f.StoredRole(id), want) {
		t.Errorf("answered %+v, stored %+v, want %+v", got, f.StoredRole(id), want)
	}
	servicetest.Must(f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: new("DESK"), Description: new("")}))
	_, err := f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: new("user")})
	servicetest.WantPaths(t, err, account.CodeRoleNameTaken, "/name")
	_, err = f.UpdateRole(t.Context(), admin, id, account.RoleUpdate{Name: new("")})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/name")
	_, err = f.UpdateRole(t.Context(), principalWithPermissions(f, "ann@example.org",
		servicetest.Permissions("role:read", "role:edit")...), id, account.RoleUpdate{Name: new("Mine")})
	servicetest.WantCode(t, err, account.CodeForbidden)
}

func TestBuiltInRolesAreImmutable(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	eve := principalWithPermissions(f, "eve@example.org",
		servicetest.Permissions("role:read", "role:edit", "role:delete")...)
	for _, id := range []int64{1, 2} {
		before := f.StoredRole(id)
		for who, code := range map[*account.Principal]account.Code{admin: account.CodeBuiltInRole,
			eve: account.CodeForbidden} {
			_, err := f.UpdateRole(t.Context(), who, id, account.RoleUpdate{Description: new("x")})
			servicetest.WantCode(t, err, code)
			_, err = f.SetRolePermissions(t.Context(), who, id, nil)
			servicetest.WantCode(t, err, code)
			servicetest.WantCode(t, f.DeleteRole(t.Context(), who, id, 0), code)
			servicetest.WantCode(t, f.DeleteRole(t.Context(), who, id, 3-id), code)
		}
		if after := f.StoredRole(id); !reflect.DeepEqual(after, before) {
			t.Errorf("role %d was %+v and is %+v", id, before, after)
		}
	}
}

func TestSetRolePermissions(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	id := f.AddRole(servicetest.Permit("user:read"))
	wanted := []access.Permission{servicetest.Permit("user:read", 4, 9), servicetest.PermitSelf("user:read"),
		servicetest.Permit("dashboard:edit", 1)}
	got := servicetest.Must(f.SetRolePermissions(t.Context(), admin, id,
		servicetest.RequestsFor(servicetest.Permit("user:read", 9), servicetest.PermitSelf("user:read"),
			servicetest.Permit("dashboard:edit", 1), servicetest.Permit("user:read", 4, 9))))
	if !reflect.DeepEqual(got.Permissions, wanted) || !reflect.DeepEqual(f.StoredRole(id).Permissions, wanted) {
		t.Errorf("answered %v, stored %v, want %v", got.Permissions, f.StoredRole(id).Permissions, wanted)
	}
	_, err := f.SetRolePermissions(t.Context(), admin, id,
		servicetest.RequestsFor(servicetest.Permit("user:read?"), servicetest.Permit("user:create", 3)))
	servicetest.WantPaths(t, err, account.CodeInvalid, "/0/action", "/1/entityIds")
	_, err = f.SetRolePermissions(t.Context(), admin, id,
		servicetest.RequestsFor(servicetest.Permit("user:read"), servicetest.Permit("role:assign"),
			servicetest.Permit("role:read", 3)))
	servicetest.WantPaths(t, err, account.CodePermissionNeedsRead, "/1/action")
	if got := servicetest.Must(f.SetRolePermissions(t.Context(), admin, id, nil)); len(got.Permissions) != 0 {
		t.Errorf("got %v", got.Permissions)
	}
}

// Of two callers who replace the same permissions concurrently, one is refused.
func TestReplaceRolePermissions(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	seen := []access.Permission{servicetest.Permit("user:read", 4, 9)}
	id := f.AddRole(seen...)
	both := [][]access.Permission{{servicetest.Permit("user:read")}, {servicetest.Permit("role:read")}}
	errs := make([]error, len(both))
	var calls sync.WaitGroup
	for i := range both {
		calls.Go(func() {
			_, errs[i] = f.ReplaceRolePermissions(t.Context(), admin, id, seen, servicetest.RequestsFor(both[i]...))
		})
	}
	calls.Wait()
	won := slices.Index(errs, nil)
	if won < 0 {
		t.Fatalf("both were refused: %v", errs)
	}
	servicetest.WantCode(t, errs[1-won], account.CodeRoleChanged)
	if got := f.StoredRole(id).Permissions; !reflect.DeepEqual(got, both[won]) {
		t.Errorf("the role has %v, want %v", got, both[won])
	}
	servicetest.Must(f.ReplaceRolePermissions(t.Context(), admin, id, both[won], nil))
	_, err := f.ReplaceRolePermissions(t.Context(),
		principalWithPermissions(f, "ann@example.org",
			servicetest.Permissions("role:read", "role:edit")...), id, seen,
		servicetest.RequestsFor(servicetest.Permit("user:read")))
	servicetest.WantCode(t, err, account.CodeRoleChanged)
	_, err = f.ReplaceRolePermissions(t.Context(),
		principalWithPermissions(f, "bob@example.org", servicetest.Permit("role:read")), id, seen, nil)
	servicetest.WantCode(t, err, account.CodeForbidden)
}

func TestSetRolePermissionsRefuses(t *testing.T) {
	f := servicetest.New(t)
	base := servicetest.Permissions("role:read", "role:edit", "user:read", "dashboard:edit")
	ann := principalWithPermissions(f, "ann@example.org", base...)
	for _, test := range []struct {
		name           string
		before, wanted []access.Permission
		want           account.Code
	}{
		{"permissions of the caller", servicetest.Permissions("user:read"),
			[]access.Permission{servicetest.Permit("role:read"), servicetest.Permit("user:read", 3)}, ""},
		{"more than the caller has", nil, servicetest.Permissions("user:create"), account.CodeForbidden},
		{"removes more than the caller has", servicetest.Permissions("user:create"), nil, account.CodeForbidden},
		{"unknown", nil, servicetest.Permissions("dashboard:edit"), account.CodeForbidden},
		{"unknown but unchanged", servicetest.Permissions("dashboard:edit"),
			servicetest.Permissions("dashboard:edit", "user:read"), ""},
		{"unknown, for other ids", []access.Permission{servicetest.Permit("dashboard:edit", 3)},
			[]access.Permission{servicetest.Permit("dashboard:edit", 4)}, account.CodeForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := f.AddRole(test.before...)
			_, err := f.SetRolePermissions(t.Context(), ann, id, servicetest.RequestsFor(test.wanted...))
			servicetest.WantCode(t, err, test.want)
			if after := f.StoredRole(id).Permissions; err != nil && !reflect.DeepEqual(after, test.before) {
				t.Errorf("the refused call left the role with %v", after)
			}
		})
	}
	_, err := f.SetRolePermissions(t.Context(),
		principalWithPermissions(f, "bob@example.org",
			servicetest.Permissions("role:read", "user:read")...), f.AddRole(), nil)
	servicetest.WantCode(t, err, account.CodeForbidden)
}

// A permission that was removed from a role is missing in the next call, although the server has
// cached the principal.
func TestRolePermissionsApplyAtOnce(t *testing.T) {
	f := servicetest.New(t)
	if err := f.PollInvalidations(t.Context()); err != nil { // without a poll the cache is not used
		t.Fatal(err)
	}
	id := f.AddRole(servicetest.Permit("user:read"))
	f.AddUser("ann@example.org", id)
	in := f.NewSession("ann@example.org")
	servicetest.Must(f.User(t.Context(), f.PrincipalOf(in), 1))
	servicetest.Must(f.SetRolePermissions(t.Context(), f.Admin(), id, nil))
	_, err := f.User(t.Context(), f.PrincipalOf(in), 1)
	servicetest.WantCode(t, err, account.CodeForbidden)
}
