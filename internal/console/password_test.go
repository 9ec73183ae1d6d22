package console_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const nextPassword = "Battery-Staple-8"

// change is the form of the password page.
func change(old, next, repeat string) url.Values {
	return url.Values{"oldPassword": {old}, "newPassword": {next}, "repeat": {repeat}}
}

func TestChangePassword(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b, other := s.as("ada@example.org"), s.as("ada@example.org")
	b.get("/profile/password").want(t, 200, `autocomplete="current-password"`, `autocomplete="new-password"`, "data-guide")
	before := b.cookies["usher-dev"]
	b.follow("/profile/password", change(password, nextPassword, nextPassword)).want(t, 200, "Your password was changed. Wherever else")
	if b.cookies["usher-dev"] == before {
		t.Error("the session has the token that it had")
	}
	if a := other.get("/profile"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another session goes on: %d", a.StatusCode)
	}
	thief := s.visitor()
	thief.cookies["usher-dev"] = before
	if a := thief.get("/profile"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the token of before still lets in: %d", a.StatusCode)
	}
	b.get("/profile").want(t, 200)
	b.follow("/profile", url.Values{"name": {"Ada"}}).want(t, 200) // forms are bound to the new token
	if _, err := s.SignIn(t.Context(), "ada@example.org", secret.New(nextPassword), account.Origin{ClientNetwork: "192.0.2.8"}); err != nil {
		t.Errorf("sign in with the new one: %v", err)
	}
}

func TestChangePasswordRefuses(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	tests := []struct {
		name  string
		form  url.Values
		field string
		says  string
	}{
		{"wrong", change("Wrong-Horse-77", nextPassword, nextPassword), "oldPassword", "Is not the current password."},
		{"none", change("", nextPassword, nextPassword), "oldPassword", "Is not the current password."},
		{"weak", change(password, "weak", "weak"), "newPassword", "Must have at least 12 characters, a digit"},
		{"the same", change(password, password, password), "newPassword", "Must differ from the current password."},
		{"twice not the same", change(password, nextPassword, nextPassword+"x"), "repeat", "The two passwords differ."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.get("/profile/password")
			a := b.post("/profile/password", test.form)
			a.want(t, 422, test.says, `id="`+test.field+`-fault"`)
			for _, typed := range []string{nextPassword, password} {
				if strings.Contains(a.body, typed) {
					t.Error("the page shows a password")
				}
			}
		})
	}
}

// Whoever found the browser open must not guess.
func TestFifthWrongPasswordEndsTheSession(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/profile/password")
	for range 4 {
		b.post("/profile/password", change("Wrong-Horse-77", nextPassword, nextPassword)).want(t, 422, "Is not the current password.")
	}
	b.follow("/profile/password", change("Wrong-Horse-77", nextPassword, nextPassword)).
		want(t, 200, "The current password was wrong five times, so you were signed out.", `action="/sign-in"`)
	if b.cookies["usher-dev"] != "" {
		t.Error("the cookie stays")
	}
}

// Who was given a password sees nothing but the page on which he chooses his own.
func TestPasswordThatWasGiven(t *testing.T) {
	s := newSite(t)
	s.forced("ada@example.org")
	b := s.visitor()
	b.get("/sign-in")
	page := b.follow("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {password}})
	page.want(t, 200, "Choose a new password", "was given to you", "Sign out")
	if strings.Contains(page.body, "<nav") {
		t.Errorf("a menu that leads nowhere:\n%s", page.body)
	}
	for _, path := range []string{"/profile", "/profile/keys", "/profile/activity", "/profile/picture"} {
		if a := b.get(path); a.Header.Get("Location") != "/profile/password" {
			t.Errorf("%s: %d to %q", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
	b.get("/profile/password")
	b.post("/profile/password", change(password, "weak", "weak")).want(t, 422, "was given to you")
	if a := b.post("/profile/password", change(password, nextPassword, nextPassword)); a.Header.Get("Location") != "/" {
		t.Errorf("it goes on at %q", a.Header.Get("Location"))
	}
	b.get("/profile").want(t, 200, "Your password was changed.")
}

// Whose password is kept elsewhere is told so.
func TestPasswordThatIsKeptElsewhere(t *testing.T) {
	s := newSite(t)
	b := s.visitor()
	text, hash, err := token.New(token.Console, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	err = s.store.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
		now := s.clock.Now()
		id, err := tx.InsertUser(ctx, account.User{
			Email: "ada@example.org", Name: "Ada", Provider: account.ProviderLDAP, Identifier: "ada", Active: true, RoleIDs: access.DefaultRoles,
		}, "ada@example.org", "", now)
		if err != nil {
			return err
		}
		_, err = tx.InsertSession(ctx, account.Session{UserID: id, Created: now, LastSeen: now}, hash)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.cookies["usher-dev"] = text.Reveal()
	b.get("/profile").want(t, 200, "The directory of your organisation")
	page := b.get("/profile/password")
	page.want(t, 200, "Your password is not kept here")
	if strings.Contains(page.body, "oldPassword") {
		t.Errorf("a form that is refused:\n%s", page.body)
	}
	b.post("/profile/password", change(password, nextPassword, nextPassword)).want(t, 409, "Your password is not kept here")
}
