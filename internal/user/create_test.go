package user_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestCreateUsers(t *testing.T) {
	f := servicetest.New(t)
	full := account.NewUser{
		Profile: account.Profile{
			Name: "Zoë", Surname: new("Straße"), Department: new(""),
			Biography: new(strings.Repeat("é", account.MaxBiographyLength)),
			Picture:   make([]byte, account.MaxPictureBytes),
		},
		Email: "Zoë@Bücher.example", Password: secret.New(servicetest.NextPassword), Active: true,
	}
	bare := account.NewUser{
		Profile: account.Profile{Name: "Bob"}, Email: "bob@localhost", Password: secret.New(servicetest.NextPassword),
	}
	created, err := f.CreateUsers(t.Context(), f.Admin(), []account.NewUser{full, bare})
	if err != nil {
		t.Fatal(err)
	}
	want := []account.User{{
		ID: 2, Email: full.Email,
		Profile:  full.Profile,
		Provider: account.ProviderLocal, Identifier: full.Email,
		Active: true, EULAVersion: account.NoEULA, RoleIDs: []int64{2},
	}, {
		ID: 3, Email: bare.Email,
		Profile:  account.Profile{Name: bare.Name},
		Provider: account.ProviderLocal, Identifier: bare.Email,
		EULAVersion: account.NoEULA, RoleIDs: []int64{2},
	}}
	if !reflect.DeepEqual(created, want) {
		t.Errorf("created %+v, want %+v", created, want)
	}
	if all := f.ListedUsers(); !reflect.DeepEqual(all[1:], want) {
		t.Errorf("stored %+v, want %+v", all[1:], want)
	}
	f.NewSessionWith(full.Email, servicetest.NextPassword)
	_, err = f.SignInFrom(bare.Email, servicetest.NextPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials) // the user is not active, so the sign-in fails
}

func TestCreateUsersRefuses(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	caller := f.Admin()
	good := servicetest.NewUser("good@example.org")
	with := func(change func(*account.NewUser)) []account.NewUser {
		u := servicetest.NewUser("new@example.org")
		change(&u)
		return []account.NewUser{good, u}
	}
	long := strings.Repeat("é", 257)
	tests := []struct {
		name  string
		users []account.NewUser
		code  account.Code
		paths []string
	}{
		{"none", nil, account.CodeInvalid, []string{""}},
		{"no name", with(func(u *account.NewUser) { u.Name = " \t" }), account.CodeInvalid, []string{"/1/name"}},
		{"long name", with(func(u *account.NewUser) { u.Name = long }), account.CodeInvalid, []string{"/1/name"}},
		{"NUL in the name", with(func(u *account.NewUser) { u.Name = "a\x00" }), account.CodeInvalid, []string{"/1/name"}},
		{"name not UTF-8", with(func(u *account.NewUser) { u.Name = "a\xff" }), account.CodeInvalid, []string{"/1/name"}},
		{"no address", with(func(u *account.NewUser) { u.Email = "" }), account.CodeInvalid, []string{"/1/email"}},
		{"weak password", with(func(u *account.NewUser) { u.Password = secret.New("short") }), account.CodeInvalid,
			[]string{"/1/password"}},
		{
			"every field",
			with(func(u *account.NewUser) {
				*u = account.NewUser{
					Profile: account.Profile{
						Surname: &long, Department: &long, Biography: new(strings.Repeat("x", 4097)),
						Picture: make([]byte, 65537),
					},
				}
			}), account.CodeInvalid,
			[]string{
				"/1/name", "/1/email", "/1/password", "/1/surname", "/1/department", "/1/biography", "/1/picture",
			},
		},
		{"twice", with(func(u *account.NewUser) { u.Email = "GOOD@Example.org" }), account.CodeInvalid, []string{"/1/email"}},
		{"thrice", append(with(func(u *account.NewUser) { u.Email = "GOOD@Example.org" }), good), account.CodeInvalid,
			[]string{"/1/email", "/2/email"}},
		{"taken", with(func(u *account.NewUser) { u.Email = "ANN@example.org" }), account.CodeEmailTaken,
			[]string{"/1/email"}},
		{"both taken", []account.NewUser{servicetest.NewUser("ann@example.org"), good,
			servicetest.NewUser(servicetest.AdminEmail)}, account.CodeEmailTaken, []string{"/0/email", "/2/email"}},
		{"too many", make([]account.NewUser, 1001), account.CodeTooLarge, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hashed := f.Pool.HashCount()
			created, err := f.CreateUsers(t.Context(), caller, test.users)
			servicetest.WantPaths(t, err, test.code, test.paths...)
			if len(created) > 0 {
				t.Errorf("the refused call returned %d users", len(created))
			}
			if f.Pool.HashCount() != hashed {
				t.Error("the refused call hashed passwords")
			}
			for _, u := range test.users {
				if p := u.Password.Reveal(); p != "" && strings.Contains(err.Error(), p) {
					t.Errorf("the error contains a password: %v", err)
				}
			}
		})
	}
	if n := len(f.ListedUsers()); n != 2 {
		t.Errorf("there are %d users, want 2", n)
	}
}

// CreateUsers creates no user if another request takes an address while CreateUsers hashes the
// passwords.
func TestCreateUsersRace(t *testing.T) {
	f := servicetest.New(t)
	caller := f.Admin()
	f.Store.OnCall(func(name string) {
		if name == "Write" {
			f.Store.OnCall(func(string) {})
			f.AddUser("second@example.org")
		}
	})
	created, err := f.CreateUsers(t.Context(), caller,
		[]account.NewUser{servicetest.NewUser("first@example.org"), servicetest.NewUser("second@example.org")})
	servicetest.WantPaths(t, err, account.CodeEmailTaken, "/1/email")
	if len(created) > 0 {
		t.Errorf("the refused call returned %d users", len(created))
	}
	if n := len(f.ListedUsers()); n != 2 {
		t.Errorf("there are %d users, want 2", n)
	}
}

func TestCreateThousandUsers(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	users := make([]account.NewUser, account.MaxNewUsers)
	for i := range users {
		users[i] = servicetest.NewUser(fmt.Sprintf("user%d@example.org", i))
	}
	created, err := f.CreateUsers(t.Context(), f.Admin(), users)
	if err != nil || len(created) != len(users) {
		t.Fatalf("created %d users: %v", len(created), err)
	}
	all := f.ListedUsers()
	if len(all) != len(users)+1 || !slices.IsSortedFunc(all, func(a, b account.User) int { return int(a.ID - b.ID) }) {
		t.Errorf("the list has %d users, want %d ordered by id", len(all), len(users)+1)
	}
	stop := fmt.Errorf("stop")
	err = f.ListUsers(t.Context(), f.Admin(), func(u account.User) error {
		if u.ID == 700 {
			return stop
		}
		return nil
	})
	if err != stop {
		t.Errorf("ListUsers returned %v, want the callback's error", err)
	}
}

// No new user gets the id of a deleted one.
func TestIDsAreNotReused(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	id := f.AddUser("ann@example.org")
	if err := f.DeleteUser(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}
	servicetest.WantCode(t, f.DeleteUser(t.Context(), admin, id), account.CodeNotFound)
	if next := f.AddUser("ann@example.org"); next <= id {
		t.Errorf("the next user has id %d, want one above %d", next, id)
	}
}
