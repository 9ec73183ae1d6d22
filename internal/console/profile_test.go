package console_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// powerless makes a user who may do nothing at all.
func (s *site) powerless(email string) {
	s.t.Helper()
	made := must(s.CreateRoles(s.t.Context(), s.principal(adminEmail), []account.NewRole{{Name: "Nothing"}}))
	s.user(email, made[0].ID)
}

func TestProfile(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile").want(t, 200, `value="Ada"`, "ada@example.org", "This server, by a password", ">A</span>")
	b.follow("/profile", url.Values{"name": {" Ada "}, "surname": {"Lovelace"}, "department": {"Engines"}, "biography": {"One\r\nTwo"}}).
		want(t, 200, "Your profile was saved.", `value="Lovelace"`, `value="Engines"`, "One\nTwo", ">AL</span>")
	b.follow("/profile", url.Values{"name": {"Ada King Byron"}, "was.name": {"Ada"}, "was.surname": {"Lovelace"}}).want(t, 200, ">AB</span>", `name="surname" value=""`)
	for _, test := range []struct {
		form url.Values
		says string
	}{
		{url.Values{"name": {" "}, "surname": {"kept"}}, "Must not be empty"},
		{url.Values{"name": {"Ada"}, "surname": {"kept"}, "department": {strings.Repeat("x", 257)}}, "Must be at most 256 characters long."},
		{url.Values{"name": {"Ada"}, "surname": {"kept"}, "biography": {strings.Repeat("x", 4097)}}, "Must be at most 4096 characters long."},
	} {
		test.form.Set("was.name", "Ada King Byron")
		b.post("/profile", test.form).want(t, 422, test.says, `value="kept"`)
	}
	b.get("/profile").want(t, 200, `value="Ada King Byron"`)
	b.follow("/profile", url.Values{"name": {"Ada"}, "was.name": {"Ada"}, "email": {"eve@example.org"}, "active": {"yes"}}).want(t, 200, "There was nothing to change.")
}

// An old page leaves alone what has been changed since it was shown.
func TestProfileOfBefore(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile").want(t, 200, `name="was.name" value="Ada"`, `name="was.biography" value=""`)
	form := shown(ada)
	form.Set("surname", "Lovelace")
	engines := "Engines"
	department := &engines
	must(s.UpdateUser(t.Context(), s.principal(adminEmail), ada.ID, account.UserUpdate{Department: &department}))
	b.follow("/profile", form).want(t, 200, "Your profile was saved.")
	if got := s.find(ada.ID); text(got.Surname) != "Lovelace" || text(got.Department) != "Engines" {
		t.Errorf("%+v", got)
	}
}

// The menu shows who is signed in.
func TestMenuShowsTheCaller(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile/sessions").want(t, 200, ">A</span>")
	b.attach("/profile/picture", nil, "picture", "me.png", portrait(10, 10)).want(t, 303)
	b.get("/profile/sessions").want(t, 200, `<img class="avatar" src="/profile/picture" alt="">`)
}

func TestProfileOfWhoMayChangeNothing(t *testing.T) {
	s := newSite(t)
	s.powerless("ada@example.org")
	b := s.as("ada@example.org")
	page := b.get("/profile")
	page.want(t, 200, "Your roles do not let you change this.", "Appearance", "Nothing")
	if strings.Contains(page.body, `action="/profile"`) || strings.Contains(page.body, `action="/profile/picture"`) {
		t.Errorf("forms that are refused:\n%s", page.body)
	}
	for _, path := range []string{"/profile", "/profile/picture", "/profile/picture/remove"} {
		b.post(path, url.Values{"name": {"Eve"}}).want(t, 403, "You may not do this")
	}
}

// Who may change others and not himself is told so, whatever he sends.
func TestPictureOfWhoMayEditOthers(t *testing.T) {
	s := newSite(t)
	ids := []int64{1}
	editor := s.newRole("Editor", access.PermissionRequest{Entity: access.EntityUser, Action: "read"}, access.PermissionRequest{Entity: access.EntityUser, Action: "edit", IDs: &ids})
	s.user("ada@example.org", editor.ID)
	b := s.as("ada@example.org")
	for name, file := range map[string][]byte{"no picture": []byte("hello"), "a picture": portrait(1, 1)} {
		if a := b.attach("/profile/picture", nil, "picture", "me.png", file); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
}

// portrait is a picture file that is too large for an account.
func portrait(width, height int) []byte {
	var file bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = byte(i)
	}
	if err := png.Encode(&file, m); err != nil {
		panic(err)
	}
	return file.Bytes()
}

func TestPicture(t *testing.T) {
	s := newSite(t)
	ada := s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile/picture").want(t, 404)
	if a := b.attach("/profile/picture", nil, "picture", "me.png", portrait(600, 300)); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d\n%s", a.StatusCode, a.body)
	}
	b.get("/profile").want(t, 200, "Your picture was changed.", `src="/profile/picture"`)
	for _, path := range []string{"/profile/picture", fmt.Sprintf("/users/%d/picture", ada.ID)} {
		a := b.get(path)
		if config, _, err := image.DecodeConfig(strings.NewReader(a.body)); err != nil || config.Width != 256 || config.Height != 128 {
			t.Errorf("%s: %+v, %v", path, config, err)
		}
		if a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("X-Content-Type-Options") != "nosniff" || len(a.body) > account.MaxPictureBytes {
			t.Errorf("%s: %d bytes, %v", path, len(a.body), a.Header)
		}
	}
	for name, file := range map[string][]byte{"none": nil, "text": []byte("hello"), "SVG": []byte("<svg/>"), "half": portrait(600, 300)[:200]} {
		b.get("/profile")
		if a := b.attach("/profile/picture", nil, "picture", "me.png", file); a.StatusCode != 422 || !strings.Contains(a.body, "This is not a whole picture") {
			t.Errorf("%s: status %d", name, a.StatusCode)
		}
	}
	b.attach("/profile/picture", nil, "another", "me.png", portrait(1, 1)).want(t, 422, "This is not a whole picture")
	b.attach("/profile/picture", nil, "picture", "me.png", make([]byte, 11<<20)).want(t, 413, "That was too much")
	b.get("/profile")
	b.follow("/profile/picture/remove", nil).want(t, 200, "Your picture was removed.", ">A</span>")
	b.get("/profile/picture").want(t, 404)
}

// The API takes any bytes for a picture. A browser is given those alone that it draws.
func TestPictureThatIsNone(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	ada := s.principal("ada@example.org")
	evil := []byte("<!doctype html><script>alert(1)</script>")
	must(s.UpdateUser(t.Context(), ada, ada.User.ID, account.UserUpdate{Picture: &evil}))
	b := s.as("ada@example.org")
	b.get("/profile/picture").want(t, 404)
	b.get("/profile").want(t, 200, ">A</span>")
}

// Whoever may not read a user does not see his picture either, nor whether he is there.
func TestPictureOfOthers(t *testing.T) {
	s := newSite(t)
	eve := s.user("eve@example.org")
	s.user("ada@example.org")
	s.powerless("bob@example.org")
	admin := s.as(adminEmail)
	file := portrait(10, 10)
	must(s.UpdateUser(t.Context(), s.principal(adminEmail), eve.ID, account.UserUpdate{Picture: &file}))
	path := fmt.Sprintf("/users/%d/picture", eve.ID)
	admin.get(path).want(t, 200)
	s.as("ada@example.org").get(path).want(t, 404, "There is nothing here")
	s.as("bob@example.org").get(path).want(t, 403)
	for _, id := range []string{"0", "x", "99999"} {
		admin.get("/users/"+id+"/picture").want(t, 404)
	}
}

func TestAppearance(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/profile").want(t, 200, `name="zone" value="UTC"`, `<option value="en" selected>`)
	for _, zone := range []string{"", "Local", "Nowhere/City", "../../etc/passwd", strings.Repeat("x", 65)} {
		b.post("/profile/appearance", url.Values{"zone": {zone}, "language": {"fr"}, "theme": {"dark"}}).
			want(t, 422, "There is no such time zone.", `lang="en" data-theme="system"`)
	}
	b.follow("/profile/appearance", url.Values{"zone": {"Asia/Tokyo"}, "language": {"fr"}, "theme": {"dark"}}).
		want(t, 200, `lang="fr" data-theme="dark"`, "L’apparence est enregistrée.", `name="zone" value="Asia/Tokyo"`)
	b.get("/profile/sessions").want(t, 200, `2027-03-01 18:00:00 JST`)
	if p := must(s.Preferences(t.Context(), s.principal("ada@example.org"))); p.Language != "fr" {
		t.Errorf("the account prefers %q", p.Language)
	}
	b.follow("/profile/appearance", url.Values{"zone": {"UTC"}, "language": {"tlh"}, "theme": {"<script>"}}).want(t, 200, `lang="fr" data-theme="dark"`)
}

// A browser in which nobody chose a language takes the one that the account prefers.
func TestLanguageOfTheAccount(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	s.user("bob@example.org")
	french, klingon := "fr-CA", "tlh"
	must(s.UpdatePreferences(t.Context(), s.principal("ada@example.org"), account.PreferencesUpdate{Language: &french}))
	must(s.UpdatePreferences(t.Context(), s.principal("bob@example.org"), account.PreferencesUpdate{Language: &klingon}))
	tests := []struct {
		name, email, asked, chosen, want string
	}{
		{"the account's", "ada@example.org", "", "", "fr"},
		{"chosen in the browser", "ada@example.org", "", "en", "en"},
		{"an account that never chose", adminEmail, "fr", "", "fr"},
		{"an account that never chose, and neither did the browser", adminEmail, "", "", "en"},
		{"one that we do not have", "bob@example.org", "fr", "", "fr"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := s.visitor()
			b.agent = http.Header{"Accept-Language": {test.asked}}
			b.get("/sign-in")
			if test.chosen != "" {
				b.follow("/look", url.Values{"language": {test.chosen}, "back": {"/sign-in"}})
			}
			b.post("/sign-in", url.Values{"email": {test.email}, "password": {password}, "zone": {"Europe/Paris"}}).want(t, 303)
			b.get("/profile").want(t, 200, `<html lang="`+test.want+`"`)
		})
	}
}

// sign-in of somebody who must choose a password first works without his preferences.
func TestLanguageOfWhoMustChooseAPassword(t *testing.T) {
	s := newSite(t)
	s.forced("ada@example.org")
	s.as("ada@example.org")
}

// forced makes a user who has to choose another password before anything else.
func (s *site) forced(email string) {
	s.t.Helper()
	made := s.user(email)
	given := secret.New(password)
	if _, err := s.UpdateUser(s.t.Context(), s.principal(adminEmail), made.ID, account.UserUpdate{Password: &given}); err != nil {
		s.t.Fatal(err)
	}
}
