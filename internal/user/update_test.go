package user_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestUpdateUser(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	up := account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{
			Name: new("Anna"), Surname: new(new("Ng")), Department: new(new("")), Biography: new(new("b")),
			Picture: new([]byte{1}),
		},
		Email: new("anna@example.org"), Active: new(true),
	}
	got, err := f.UpdateUser(t.Context(), f.Admin(), id, up)
	if err != nil {
		t.Fatal(err)
	}
	want := account.User{
		ID: id, Email: "anna@example.org", Identifier: "anna@example.org",
		Profile: account.Profile{
			Name: "Anna", Surname: new("Ng"), Department: new(""), Biography: new("b"), Picture: []byte{1},
		},
		Provider: account.ProviderLocal, Active: true, EULAVersion: account.NoEULA, RoleIDs: []int64{2},
	}
	if stored := f.StoredUser(id); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(stored, want) {
		t.Errorf("answered %+v,\nstored %+v,\nwant %+v", got, stored, want)
	}
	var none *string
	up = account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Surname: &none, Department: &none, Biography: &none, Picture: new([]byte(nil))},
	}
	got, err = f.UpdateUser(t.Context(), f.Admin(), id, up)
	if err != nil {
		t.Fatal(err)
	}
	want.Surname, want.Department, want.Biography, want.Picture = nil, nil, nil, nil
	if stored := f.StoredUser(id); !reflect.DeepEqual(got, want) || !reflect.DeepEqual(stored, want) {
		t.Errorf("cleared: answered %+v,\nstored %+v,\nwant %+v", got, stored, want)
	}
}

func TestUpdateUserRefuses(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	before := f.StoredUser(id)
	long := new(strings.Repeat("x", 257))
	tests := []struct {
		name string
		up   account.UserUpdate
		code account.Code
		path []string
	}{
		{"no name", account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: new("")},
		}, account.CodeInvalid, []string{"/name"}},
		{"bad address", account.UserUpdate{Email: new("ann")}, account.CodeInvalid, []string{"/email"}},
		{"weak password", account.UserUpdate{Password: new(secret.New("weak"))}, account.CodeInvalid, []string{"/password"}},
		{
			"long fields",
			account.UserUpdate{
				ProfileUpdate: account.ProfileUpdate{
					Surname: &long, Department: &long, Biography: new(new(strings.Repeat("x", 4097))),
				},
			},
			account.CodeInvalid, []string{"/surname", "/department", "/biography"},
		},
		{"large picture", account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: new("x"), Picture: new(make([]byte, 65537))},
		}, account.CodeInvalid,
			[]string{"/picture"}},
		{"taken address", account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: new("x")}, Email: new("Admin@example.org"),
		}, account.CodeEmailTaken,
			[]string{"/email"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			servicetest.WantPaths(t, f.UpdateUserAsAdmin(id, test.up), test.code, test.path...)
		})
	}
	if after := f.StoredUser(id); !reflect.DeepEqual(after, before) {
		t.Errorf("the user was %+v and is %+v", before, after)
	}
	servicetest.WantCode(t, f.UpdateUserAsAdmin(99, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Name: new("x")},
	}), account.CodeNotFound)
}

// Changes of the profile need user:edit. Changes of other fields need user:edit-access, and the
// caller must have every permission of the user.
func TestUpdateNeedsPermission(t *testing.T) {
	profile := account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new("x"), Biography: new(new("y"))}}
	standing := account.UserUpdate{Active: new(true)} // needs user:edit-access
	both := account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new("x")}, Unlock: true}
	f := servicetest.New(t)
	plain := f.AddUser("plain@example.org", f.AddRole(servicetest.Permit("user:read")))
	other := f.AddUser("other@example.org", f.AddRole(servicetest.Permit("user:read")))
	strong := f.AddUser("strong@example.org", f.AddRole(servicetest.Permissions("user:read", "user:delete")...))
	edit := servicetest.Permissions("user:read", "user:edit")
	editAccess := servicetest.Permissions("user:read", "user:edit-access")
	editPlain := []access.Permission{servicetest.Permit("user:read", plain), servicetest.Permit("user:edit", plain)}
	editPlainReadOther := []access.Permission{
		servicetest.Permit("user:read", plain, other), servicetest.Permit("user:edit", plain),
	}
	tests := []struct {
		name        string
		permissions []access.Permission
		up          account.UserUpdate
		id          int64
		want        account.Code
	}{
		{"nothing", nil, profile, plain, account.CodeForbidden},
		{"profile by edit", edit, profile, plain, ""},
		{"profile of a user with more permissions by edit", edit, profile, strong, ""},
		{"profile by edit-access", editAccess, profile, plain, account.CodeForbidden},
		{"access by edit", edit, standing, plain, account.CodeForbidden},
		{"access by edit-access", editAccess, standing, plain, ""},
		{"access of a user with more permissions", editAccess, standing, strong, account.CodeForbidden},
		{"access of an administrator", editAccess, standing, 1, account.CodeForbidden},
		{"access without user:read", editAccess[1:], standing, plain, account.CodeForbidden},
		{"both by edit", edit, both, plain, account.CodeForbidden},
		{"both by edit-access", editAccess, both, plain, account.CodeForbidden},
		{"both by both", append(slices.Clone(edit), editAccess[1]), both, plain, ""},
		{"nothing to change", edit[:1], account.UserUpdate{}, plain, account.CodeForbidden},
		{"nothing to change, by edit", edit, account.UserUpdate{}, plain, ""},
		{"listed user", editPlain, profile, plain, ""},
		{"user that is only readable", editPlainReadOther, profile, other, account.CodeForbidden},
		{"hidden user", editPlain, profile, other, account.CodeNotFound},
		{"missing user", editPlain, profile, 99, account.CodeNotFound},
		{"missing user, by all", edit, profile, 99, account.CodeNotFound},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			email := string(rune('a'+i)) + "@example.org"
			f.AddUser(email, f.AddRole(test.permissions...))
			_, err := f.UpdateUser(t.Context(), f.As(email), test.id, test.up)
			servicetest.WantCode(t, err, test.want)
		})
	}
}

// Callers may change only the profile of their own user, even as administrators.
func TestUpdateOneself(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("second@example.org", access.AdministratorRole)
	admin := f.Admin()
	tests := []struct {
		name string
		up   account.UserUpdate
		want account.Code
	}{
		{"profile", account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: new("x"), Surname: new(new("y")), Picture: new([]byte{1})},
		}, ""},
		{"password", account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))}, account.CodeUsePasswordChange},
		{"password and e-mail", account.UserUpdate{Password: new(secret.New(servicetest.NextPassword)),
			Email: new("x@example.org")}, account.CodeUsePasswordChange},
		{"e-mail", account.UserUpdate{Email: new("x@example.org")}, account.CodeForbidden},
		{"active", account.UserUpdate{Active: new(false)}, account.CodeForbidden},
		{"lock", account.UserUpdate{Unlock: true}, account.CodeForbidden},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.UpdateUser(t.Context(), admin, 1, test.up)
			servicetest.WantCode(t, err, test.want)
		})
	}
	f.AddUser("ann@example.org")
	ann := f.As("ann@example.org")
	if _, err := f.UpdateUser(t.Context(), ann, ann.User.ID, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Name: new("Anna")},
	}); err != nil {
		t.Errorf("a user changes their own name: %v", err)
	}
	_, err := f.UpdateUser(t.Context(), ann, 1, account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Name: new("x")}})
	servicetest.WantCode(t, err, account.CodeNotFound)
}

func TestNotLocalUser(t *testing.T) {
	f := servicetest.New(t)
	id := f.StoreUser(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP,
		RoleIDs: access.DefaultRoles})
	servicetest.WantCode(t, f.UpdateUserAsAdmin(id,
		account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))}), account.CodeNotLocalUser)
	servicetest.WantCode(t, f.EmergencyReset(t.Context(), "ldap@example.org", secret.New(servicetest.NextPassword)),
		account.CodeNotLocalUser)
	if err := f.UpdateUserAsAdmin(id, account.UserUpdate{
		ProfileUpdate: account.ProfileUpdate{Name: new("x")}, Active: new(false),
	}); err != nil {
		t.Error(err)
	}
}

func TestResetByAnAdministrator(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	session := f.NewSession("ann@example.org")
	f.LockOut("ann@example.org")
	got, err := f.UpdateUser(t.Context(), f.Admin(), id,
		account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))})
	if err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(session) || got.LockedOut || !got.NeedPasswordReset || !reflect.DeepEqual(got, f.StoredUser(id)) {
		t.Errorf("answered %+v, stored %+v", got, f.StoredUser(id))
	}
	if !slices.Equal(f.PasswordChanges(), []int64{id}) {
		t.Errorf("PasswordChanged was called for %v, want user %d", f.PasswordChanges(), id)
	}
	f.NewSessionWith("ann@example.org", servicetest.NextPassword)
}

// An unlock clears the user's counters of all client networks.
func TestUnlock(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.NewSession("ann@example.org")
	f.LockOut("ann@example.org")
	for range 3 {
		_, err := f.SignInFrom("ann@example.org", servicetest.WrongPassword, servicetest.Home)
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
	got, err := f.UpdateUser(t.Context(), f.Admin(), id, account.UserUpdate{Unlock: true})
	if err != nil || got.LockedOut || f.StoredUser(id).LockedOut {
		t.Fatalf("the user is %+v: %v", got, err)
	}
	f.NewSession("ann@example.org")
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(50)); err != nil {
		t.Error(err)
	}
}

func TestReadUsers(t *testing.T) {
	f := servicetest.New(t)
	ann, bob := f.AddUser("ann@example.org"), f.AddUser("bob@example.org")
	f.AddUser("reader@example.org", f.AddRole(servicetest.Permit("user:read", ann, 1)))
	f.AddUser("nobody@example.org", f.AddRole())
	tests := []struct {
		email string
		list  account.Code
		sees  []int64
	}{
		{servicetest.AdminEmail, "", []int64{1, ann, bob, 4, 5}},
		{"ann@example.org", "", []int64{ann}},
		{"reader@example.org", "", []int64{1, ann}},
		{"nobody@example.org", account.CodeForbidden, nil},
	}
	for _, test := range tests {
		t.Run(test.email, func(t *testing.T) {
			caller := f.As(test.email)
			var sees []int64
			err := f.ListUsers(t.Context(), caller, func(u account.User) error {
				sees = append(sees, u.ID)
				return nil
			})
			servicetest.WantCode(t, err, test.list)
			if !slices.Equal(sees, test.sees) {
				t.Errorf("sees %v, want %v", sees, test.sees)
			}
			for id := range int64(8) {
				want := account.Code("")
				switch {
				case test.list != "":
					want = test.list
				case id == 0 && test.email != servicetest.AdminEmail: // id 0 stands for all users
					want = account.CodeForbidden
				case !slices.Contains(test.sees, id):
					want = account.CodeNotFound
				}
				u, err := f.User(t.Context(), caller, id)
				servicetest.WantCode(t, err, want)
				if err == nil && u.ID != id {
					t.Errorf("id %d returned the user %+v", id, u)
				}
			}
		})
	}
}
