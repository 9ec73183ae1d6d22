package service_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// may is a permission with scope all, or for the ids alone.
func may(e access.Entity, a access.Action, ids ...int64) access.Permission {
	if len(ids) > 0 {
		return access.Permission{Entity: e, Action: a, Scope: access.ScopeIDs, IDs: ids}
	}
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeAll}
}

// self is a permission for oneself.
func self(e access.Entity, a access.Action) access.Permission {
	return access.Permission{Entity: e, Action: a, Scope: access.ScopeSelf}
}

const (
	user = access.EntityUser
	role = access.EntityRole

	read       = access.ActionRead
	create     = access.ActionCreate
	edit       = access.ActionEdit
	editAccess = access.ActionEditAccess
	remove     = access.ActionDelete
	assign     = access.ActionAssign
)

func TestUpdateUser(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	up := account.UserUpdate{
		Name: ptr("Anna"), Surname: ptr(ptr("Ng")), Department: ptr(ptr("")), Biography: ptr(ptr("b")), Picture: ptr([]byte{1}),
		Email: ptr("anna@example.org"), Active: ptr(true),
	}
	got, err := f.UpdateUser(t.Context(), f.as(adminEmail), id, up)
	if err != nil {
		t.Fatal(err)
	}
	want := account.User{
		ID: id, Email: "anna@example.org", Identifier: "anna@example.org", Name: "Anna", Surname: ptr("Ng"), Department: ptr(""), Biography: ptr("b"),
		Picture: []byte{1}, Provider: account.ProviderLocal, Active: true, EULAVersion: account.NoEULA, RoleIDs: []int64{2},
	}
	if stored := f.find(id); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(stored, want) {
		t.Errorf("answered %+v,\nstored %+v,\nwant %+v", got, stored, want)
	}
	var none *string
	up = account.UserUpdate{Surname: &none, Department: &none, Biography: &none, Picture: ptr([]byte(nil))}
	got, err = f.UpdateUser(t.Context(), f.as(adminEmail), id, up)
	if err != nil {
		t.Fatal(err)
	}
	want.Surname, want.Department, want.Biography, want.Picture = nil, nil, nil, nil
	if stored := f.find(id); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(stored, want) {
		t.Errorf("cleared: answered %+v,\nstored %+v,\nwant %+v", got, stored, want)
	}
}

func TestUpdateUserRefuses(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	was := f.find(id)
	long := ptr(strings.Repeat("x", 257))
	tests := []struct {
		name string
		up   account.UserUpdate
		code account.Code
		path []string
	}{
		{"no name", account.UserUpdate{Name: ptr("")}, account.CodeInvalid, []string{"/name"}},
		{"bad address", account.UserUpdate{Email: ptr("ann")}, account.CodeInvalid, []string{"/email"}},
		{"weak password", account.UserUpdate{Password: ptr(secret.New("weak"))}, account.CodeInvalid, []string{"/password"}},
		{"long fields", account.UserUpdate{Surname: &long, Department: &long, Biography: ptr(ptr(strings.Repeat("x", 4097)))}, account.CodeInvalid, []string{"/surname", "/department", "/biography"}},
		{"large picture", account.UserUpdate{Name: ptr("x"), Picture: ptr(make([]byte, 65537))}, account.CodeInvalid, []string{"/picture"}},
		{"taken address", account.UserUpdate{Name: ptr("x"), Email: ptr("Admin@example.org")}, account.CodeEmailTaken, []string{"/email"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantPaths(t, f.update(id, test.up), test.code, test.path...)
		})
	}
	if now := f.find(id); !reflect.DeepEqual(now, was) {
		t.Errorf("the user was %+v and is %+v", was, now)
	}
	wantCode(t, f.update(99, account.UserUpdate{Name: ptr("x")}), account.CodeNotFound)
}

// Who may change what: profile fields need user:edit, the others user:edit-access
// and every permission that the user has.
func TestWhoMayUpdate(t *testing.T) {
	profile := account.UserUpdate{Name: ptr("x"), Biography: ptr(ptr("y"))}
	standing := account.UserUpdate{Active: ptr(true)}
	both := account.UserUpdate{Name: ptr("x"), Unlock: true}
	f := newFixture(t)
	plain := f.user("plain@example.org", f.role(may(user, read)))
	other := f.user("other@example.org", f.role(may(user, read)))
	strong := f.user("strong@example.org", f.role(may(user, read), may(user, remove)))
	tests := []struct {
		name        string
		permissions []access.Permission
		up          account.UserUpdate
		id          int64
		want        account.Code
	}{
		{"nothing", nil, profile, plain, account.CodeForbidden},
		{"profile by edit", []access.Permission{may(user, read), may(user, edit)}, profile, plain, ""},
		{"profile of a stronger one by edit", []access.Permission{may(user, read), may(user, edit)}, profile, strong, ""},
		{"profile by edit-access", []access.Permission{may(user, read), may(user, editAccess)}, profile, plain, account.CodeForbidden},
		{"access by edit", []access.Permission{may(user, read), may(user, edit)}, standing, plain, account.CodeForbidden},
		{"access by edit-access", []access.Permission{may(user, read), may(user, editAccess)}, standing, plain, ""},
		{"access of a stronger one", []access.Permission{may(user, read), may(user, editAccess)}, standing, strong, account.CodeForbidden},
		{"access of an administrator", []access.Permission{may(user, read), may(user, editAccess)}, standing, 1, account.CodeForbidden},
		{"access without its rights", []access.Permission{may(user, editAccess)}, standing, plain, account.CodeForbidden},
		{"both by edit", []access.Permission{may(user, read), may(user, edit)}, both, plain, account.CodeForbidden},
		{"both by edit-access", []access.Permission{may(user, read), may(user, editAccess)}, both, plain, account.CodeForbidden},
		{"both by both", []access.Permission{may(user, read), may(user, edit), may(user, editAccess)}, both, plain, ""},
		{"nothing to change", []access.Permission{may(user, read)}, account.UserUpdate{}, plain, account.CodeForbidden},
		{"nothing to change, by edit", []access.Permission{may(user, read), may(user, edit)}, account.UserUpdate{}, plain, ""},
		{"one that is listed", []access.Permission{may(user, read, plain), may(user, edit, plain)}, profile, plain, ""},
		{"one that is readable alone", []access.Permission{may(user, read, plain, other), may(user, edit, plain)}, profile, other, account.CodeForbidden},
		{"one that cannot be seen", []access.Permission{may(user, read, plain), may(user, edit, plain)}, profile, other, account.CodeNotFound},
		{"one that is not there", []access.Permission{may(user, read, plain), may(user, edit, plain)}, profile, 99, account.CodeNotFound},
		{"one that is not there, by all", []access.Permission{may(user, read), may(user, edit)}, profile, 99, account.CodeNotFound},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			email := string(rune('a'+i)) + "@example.org"
			f.user(email, f.role(test.permissions...))
			_, err := f.UpdateUser(t.Context(), f.as(email), test.id, test.up)
			wantCode(t, err, test.want)
		})
	}
}

// Through his own id a caller may change his profile alone, whatever he may do.
func TestUpdateOneself(t *testing.T) {
	f := newFixture(t)
	f.user("second@example.org", access.AdministratorRole)
	admin := f.as(adminEmail)
	tests := []struct {
		name string
		up   account.UserUpdate
		want account.Code
	}{
		{"profile", account.UserUpdate{Name: ptr("x"), Surname: ptr(ptr("y")), Picture: ptr([]byte{1})}, ""},
		{"password", account.UserUpdate{Password: ptr(secret.New(next))}, account.CodeUsePasswordChange},
		{"password and e-mail", account.UserUpdate{Password: ptr(secret.New(next)), Email: ptr("x@example.org")}, account.CodeUsePasswordChange},
		{"e-mail", account.UserUpdate{Email: ptr("x@example.org")}, account.CodeForbidden},
		{"active", account.UserUpdate{Active: ptr(false)}, account.CodeForbidden},
		{"lock", account.UserUpdate{Unlock: true}, account.CodeForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.UpdateUser(t.Context(), admin, 1, test.up)
			wantCode(t, err, test.want)
		})
	}
	f.user("ann@example.org")
	ann := f.as("ann@example.org")
	if _, err := f.UpdateUser(t.Context(), ann, ann.User.ID, account.UserUpdate{Name: ptr("Anna")}); err != nil {
		t.Errorf("a plain user cannot change his own name: %v", err)
	}
	_, err := f.UpdateUser(t.Context(), ann, 1, account.UserUpdate{Name: ptr("x")})
	wantCode(t, err, account.CodeNotFound)
}

func TestNotLocalUser(t *testing.T) {
	f := newFixture(t)
	id := f.insert(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP, RoleIDs: access.DefaultRoles})
	wantCode(t, f.update(id, account.UserUpdate{Password: ptr(secret.New(next))}), account.CodeNotLocalUser)
	wantCode(t, f.EmergencyReset(t.Context(), "ldap@example.org", secret.New(next)), account.CodeNotLocalUser)
	if err := f.update(id, account.UserUpdate{Name: ptr("x"), Active: ptr(false)}); err != nil {
		t.Error(err)
	}
}

func TestResetByAnAdministrator(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	session := f.signIn("ann@example.org", password)
	f.lock("ann@example.org")
	got, err := f.UpdateUser(t.Context(), f.as(adminEmail), id, account.UserUpdate{Password: ptr(secret.New(next))})
	if err != nil {
		t.Fatal(err)
	}
	if !f.over(session) || got.LockedOut || !got.NeedPasswordReset || !reflect.DeepEqual(got, f.find(id)) {
		t.Errorf("answered %+v, stored %+v", got, f.find(id))
	}
	if !slices.Equal(f.changed.ids, []int64{id}) {
		t.Errorf("the change was told of %v", f.changed.ids)
	}
	f.signIn("ann@example.org", next)
}

// An unlock clears the counters of every source.
func TestUnlock(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	f.signIn("ann@example.org", password)
	f.lock("ann@example.org")
	for range 3 {
		_, err := f.try("ann@example.org", wrong, home)
		wantCode(t, err, account.CodeInvalidCredentials)
	}
	got, err := f.UpdateUser(t.Context(), f.as(adminEmail), id, account.UserUpdate{Unlock: true})
	if err != nil || got.LockedOut || f.find(id).LockedOut {
		t.Fatalf("the user is %+v: %v", got, err)
	}
	f.signIn("ann@example.org", password)
	if _, err := f.try("ann@example.org", password, source(50)); err != nil {
		t.Error(err)
	}
}

func TestReadUsers(t *testing.T) {
	f := newFixture(t)
	ann, bob := f.user("ann@example.org"), f.user("bob@example.org")
	f.user("reader@example.org", f.role(may(user, read, ann, 1)))
	f.user("nobody@example.org", f.role())
	tests := []struct {
		email string
		list  account.Code
		sees  []int64
	}{
		{adminEmail, "", []int64{1, ann, bob, 4, 5}},
		{"ann@example.org", "", []int64{ann}},
		{"reader@example.org", "", []int64{1, ann}},
		{"nobody@example.org", account.CodeForbidden, nil},
	}
	for _, test := range tests {
		t.Run(test.email, func(t *testing.T) {
			caller := f.as(test.email)
			var sees []int64
			err := f.ListUsers(t.Context(), caller, func(u account.User) error {
				sees = append(sees, u.ID)
				return nil
			})
			wantCode(t, err, test.list)
			if !slices.Equal(sees, test.sees) {
				t.Errorf("sees %v, want %v", sees, test.sees)
			}
			for id := range int64(8) {
				want := account.Code("")
				switch {
				case test.list != "":
					want = test.list
				case id == 0 && test.email != adminEmail: // there is no user 0; it asks for all
					want = account.CodeForbidden
				case !slices.Contains(test.sees, id):
					want = account.CodeNotFound
				}
				u, err := f.User(t.Context(), caller, id)
				wantCode(t, err, want)
				if err == nil && u.ID != id {
					t.Errorf("user %d is %+v", id, u)
				}
			}
		})
	}
}
