package users_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

func TestNewUser(t *testing.T) {
	s := consoletest.New(t)
	front := fmt.Sprint(s.AddRole("Front desk", consoletest.Permission(access.EntityUser, access.ActionRead)))
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users/new").Want(t, 200, "No mail server is set up", "Send an invitation by mail", "Front desk",
		"Holds every permission.")
	tests := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"nothing", url.Values{"begin": {"invite"}}, 422, "Must not be empty or white space alone."},
		{"no address", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada"}}, 422,
			"Must be an e-mail address."},
		{"taken", url.Values{
			"begin": {"invite"}, "name": {"Ada"}, "email": {"ADMIN@example.org"},
		}, 422, "Is the address of another user."},
		{"long", url.Values{
			"begin": {"invite"}, "name": {strings.Repeat("a", 257)}, "email": {"ada@example.org"},
		}, 422, "Must be at most 256 characters long."},
		{"weak", url.Values{
			"begin": {"password"}, "name": {"Ada"}, "email": {"ada@example.org"}, "password": {"x"}, "repeat": {"x"},
		}, 422, "Must have at least 12 characters"},
		{"differ", url.Values{
			"begin": {"password"}, "name": {"Ada"}, "email": {"ada@example.org"}, "password": {consoletest.Password},
			"repeat": {"x"},
		}, 422, "The two passwords differ."},
		{"no page of ours", url.Values{
			"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "was.role": {"x"},
		}, 400, "This could not be understood"},
		{"invite", url.Values{
			"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "role": {"2"},
		}, 303, "an invitation to ada@example.org is on its way"},
		{"password", url.Values{
			"begin": {"password"}, "name": {"Bob"}, "email": {"bob@example.org"}, "password": {consoletest.Password},
			"repeat": {consoletest.Password}, "role": {"2", front},
		}, 303, "may sign in now"},
		{"no role", url.Values{
			"begin": {"invite"}, "name": {"Cyd"}, "email": {"cyd@example.org"}, "was.role": {"2"},
		}, 303, "The others were refused: Must have at least one role."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := b.Post("/users/new", test.form)
			if a.StatusCode != test.status {
				t.Fatalf("status %d, want %d\n%s", a.StatusCode, test.status, a.Body)
			}
			a.WantWithout(t, consoletest.Password)
			if test.status == 303 {
				a = b.Get(a.Header.Get("Location"))
			} else if email := test.form.Get("email"); test.status == 422 && email != "" && !strings.Contains(a.Body,
				email) {
				t.Error("the page lost what the user typed")
			}
			a.Want(t, a.StatusCode, test.says)
		})
	}
	if mails := consoletest.Must(s.ListMail(t.Context(), s.Principal(consoletest.AdminEmail))); len(mails) != 2 {
		t.Errorf("%d messages: %+v", len(mails), mails)
	}
	s.SignedInAs("bob@example.org")
	if u := s.FindUser(3); u.Name != "Bob" || len(u.RoleIDs) != 2 {
		t.Errorf("%+v", u)
	}
}

// TestNewUserGetsNewDefaultRole adds a default role after the form was opened. The new user must
// get that role, although the form did not show it as selected.
func TestNewUserGetsNewDefaultRole(t *testing.T) {
	s := consoletest.New(t)
	front := s.AddRole("Front desk", consoletest.Permission(access.EntityUser, access.ActionRead))
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users/new").Want(t, 200, `name="was.role" value="2"`)
	form := url.Values{
		"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "was.role": {"2"}, "role": {"1", "2"},
	}
	defaults := []int64{2, front}
	consoletest.Must(s.UpdateApplicationSettings(t.Context(), s.Principal(consoletest.AdminEmail),
		settings.ApplicationUpdate{DefaultRoleIDs: &defaults}))
	b.Follow("/users/new", form).Want(t, 200, "is on its way")
	if u := s.FindUser(2); !slices.Equal(u.RoleIDs, []int64{1, 2, front}) {
		t.Errorf("roles %v", u.RoleIDs)
	}
}

// TestNewUserByCallerWithoutRead checks a caller who may create users but not see them. After each
// user, the form for the next one is shown.
func TestNewUserByCallerWithoutRead(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("max@example.org", s.AddRole("Creator", consoletest.Permission(access.EntityUser, access.ActionCreate)))
	b := s.SignedInAs("max@example.org")
	b.Follow("/users/new", url.Values{
		"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"},
	}).Want(t, 200, "New user", "is on its way")
}

// TestNewUserByCallerWithoutEditAccess checks that a caller who may create users, but not change
// their access, can't choose roles for them.
func TestNewUserByCallerWithoutEditAccess(t *testing.T) {
	s := consoletest.New(t)
	creator := s.AddRole("Creator", consoletest.Permission(access.EntityUser, access.ActionRead),
		consoletest.Permission(access.EntityUser, access.ActionCreate))
	s.AddUser("max@example.org", creator)
	b := s.SignedInAs("max@example.org")
	b.Get("/users/new").Want(t, 200)
	b.Get("/users/new").WantWithout(t, `name="role"`)
	b.Follow("/users/new", url.Values{
		"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "role": {"1"},
	}).Want(t, 200, "is on its way")
	if u := s.FindUser(3); !slices.Equal(u.RoleIDs, access.DefaultRoles) {
		t.Errorf("roles %v", u.RoleIDs)
	}
}
