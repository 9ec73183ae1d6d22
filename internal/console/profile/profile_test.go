package profile_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestProfile(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile").Want(t, 200, `value="Ada"`, "ada@example.org", "This server, by a password", ">A</span>")
	b.Follow("/profile", url.Values{
		"name": {" Ada "}, "surname": {"Lovelace"}, "department": {"Engines"}, "biography": {"One\r\nTwo"},
	}).
		Want(t, 200, "Your profile was saved.", `value="Lovelace"`, `value="Engines"`, "One\nTwo", ">AL</span>")
	b.Follow("/profile", url.Values{
		"name": {"Ada King Byron"}, "was.name": {"Ada"}, "was.surname": {"Lovelace"},
	}).Want(t, 200, ">AB</span>", `name="surname" value=""`)
	for _, test := range []struct {
		form url.Values
		says string
	}{
		{url.Values{"name": {" "}, "surname": {"kept"}}, "Must not be empty"},
		{url.Values{
			"name": {"Ada"}, "surname": {"kept"}, "department": {strings.Repeat("x", 257)},
		}, "Must be at most 256 characters long."},
		{url.Values{
			"name": {"Ada"}, "surname": {"kept"}, "biography": {strings.Repeat("x", 4097)},
		}, "Must be at most 4096 characters long."},
	} {
		test.form.Set("was.name", "Ada King Byron")
		b.Post("/profile", test.form).Want(t, 422, test.says, `value="kept"`)
	}
	b.Get("/profile").Want(t, 200, `value="Ada King Byron"`)
	b.Follow("/profile", url.Values{
		"name": {"Ada"}, "was.name": {"Ada"}, "email": {"eve@example.org"}, "active": {"yes"},
	}).Want(t, 200, "There was nothing to change.")
}

// TestStaleProfile sends a form whose page was opened before another change. The form must not undo
// that change.
func TestStaleProfile(t *testing.T) {
	s := consoletest.New(t)
	ada := s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile").Want(t, 200, `name="was.name" value="Ada"`, `name="was.biography" value=""`)
	form := consoletest.ProfileForm(ada)
	form.Set("surname", "Lovelace")
	engines := "Engines"
	department := &engines
	consoletest.Must(s.UpdateUser(t.Context(), s.Principal(consoletest.AdminEmail), ada.ID,
		account.UserUpdate{ProfileUpdate: account.ProfileUpdate{Department: &department}}))
	b.Follow("/profile", form).Want(t, 200, "Your profile was saved.")
	if got := s.FindUser(ada.ID); consoletest.OrEmpty(got.Surname) != "Lovelace" ||
		consoletest.OrEmpty(got.Department) != "Engines" {
		t.Errorf("%+v", got)
	}
}

// TestMenuShowsTheCaller checks that the menu has the name of the signed-in user.
func TestMenuShowsTheCaller(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile/sessions").Want(t, 200, ">A</span>")
	b.Attach("/profile/picture", nil, "picture", "me.png", consoletest.Picture(10, 10)).Want(t, 303)
	b.Get("/profile/sessions").Want(t, 200, `<img class="avatar" src="/profile/picture" alt="">`)
}

func TestProfileWithoutPermission(t *testing.T) {
	s := consoletest.New(t)
	s.AddPowerlessUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	view := b.Get("/profile")
	view.Want(t, 200, "Your roles do not let you change this.", "Appearance", "Nothing")
	if strings.Contains(view.Body, `action="/profile"`) || strings.Contains(view.Body, `action="/profile/picture"`) {
		t.Errorf("forms whose use is refused:\n%s", view.Body)
	}
	for _, path := range []string{"/profile", "/profile/picture", "/profile/picture/remove"} {
		b.Post(path, url.Values{"name": {"Eve"}}).Want(t, 403, "You may not do this")
	}
}
