package profile_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

const nextPassword = "Battery-Staple-8"

// change returns the submitted form for a new password.
func change(old, next, repeat string) url.Values {
	return url.Values{"oldPassword": {old}, "newPassword": {next}, "repeat": {repeat}}
}

func TestChangePassword(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b, other := s.SignedInAs("ada@example.org"), s.SignedInAs("ada@example.org")
	b.Get("/profile/password").Want(t, 200, `autocomplete="current-password"`, `autocomplete="new-password"`,
		"data-guide")
	before := b.Cookies["usher-dev"]
	b.Follow("/profile/password", change(consoletest.Password, nextPassword, nextPassword)).Want(t, 200,
		"Your password was changed. Wherever else")
	if b.Cookies["usher-dev"] == before {
		t.Error("the session token was not renewed")
	}
	if a := other.Get("/profile"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("another session is still valid: %d", a.StatusCode)
	}
	thief := s.Visitor()
	thief.Cookies["usher-dev"] = before
	if a := thief.Get("/profile"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the former token is still valid: %d", a.StatusCode)
	}
	b.Get("/profile").Want(t, 200)
	b.Follow("/profile", url.Values{"name": {"Ada"}}).Want(t, 200) // its form has the new CSRF token
	if _, err := s.SignIn(t.Context(), "ada@example.org", secret.New(nextPassword),
		account.Origin{ClientNetwork: "192.0.2.8"}); err != nil {
		t.Errorf("sign in with the new password: %v", err)
	}
}

// TestChangePasswordRevokesKeys changes the password with and without the tick to revoke the API
// keys, which the form has at first.
func TestChangePasswordRevokesKeys(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile/password").Want(t, 200, "Also revoke my API keys")
	if !revokeKeysTicked.MatchString(b.Get("/profile/password").Body) {
		t.Error("the box is not ticked")
	}
	ada := s.Principal("ada@example.org")
	contract := consoletest.Must(s.RenewContractKey(t.Context(), ada))
	named, _, err := s.CreateKey(t.Context(), ada, apikey.NewAPIKey{Name: "backup"})
	if err != nil {
		t.Fatal(err)
	}
	works := func() (n int) {
		for _, key := range []secret.Text{contract, named} {
			if _, err := s.Authenticate(t.Context(), key, account.Origin{}); err == nil {
				n++
			}
		}
		return n
	}
	b.Follow("/profile/password", change(consoletest.Password, nextPassword, nextPassword)).Want(t, 200, "was changed")
	if got := works(); got != 2 {
		t.Errorf("without the tick, %d keys work", got)
	}
	ticked := change(nextPassword, nextPassword+"x", nextPassword+"x")
	ticked.Set("revokeKeys", "on")
	b.Follow("/profile/password", ticked).Want(t, 200, "was changed")
	if got := works(); got != 0 {
		t.Errorf("with the tick, %d keys work", got)
	}
}

var revokeKeysTicked = regexp.MustCompile(`<input[^>]*name="revokeKeys"[^>]*checked`)

func TestChangePasswordRefuses(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	tests := []struct {
		name  string
		form  url.Values
		field string
		says  string
	}{
		{"wrong", change("Wrong-Horse-77", nextPassword, nextPassword), "oldPassword", "Is not the current password."},
		{"none", change("", nextPassword, nextPassword), "oldPassword", "Is not the current password."},
		{"weak", change(consoletest.Password, "weak", "weak"), "newPassword", "Must have at least 12 characters, a " +
			"digit"},
		{"the same", change(consoletest.Password, consoletest.Password, consoletest.Password), "newPassword",
			"Must differ from the current password."},
		{"twice not the same", change(consoletest.Password, nextPassword, nextPassword+"x"), "repeat",
			"The two passwords differ."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.Get("/profile/password")
			a := b.Post("/profile/password", test.form)
			a.Want(t, 422, test.says, `id="`+test.field+`-fault"`)
			for _, typed := range []string{nextPassword, consoletest.Password} {
				if strings.Contains(a.Body, typed) {
					t.Error("the page shows a password")
				}
			}
		})
	}
}

// TestFifthWrongPasswordEndsSession checks that five wrong passwords end the session. A stranger at
// an open browser can therefore not guess the current password.
func TestFifthWrongPasswordEndsSession(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/profile/password")
	for range 4 {
		b.Post("/profile/password", change("Wrong-Horse-77", nextPassword, nextPassword)).Want(t, 422,
			"Is not the current password.")
	}
	b.Follow("/profile/password", change("Wrong-Horse-77", nextPassword, nextPassword)).
		Want(t, 200, "The current password was wrong five times, so you were signed out.", `action="/sign-in"`)
	if b.Cookies["usher-dev"] != "" {
		t.Error("the cookie is still set")
	}
}

// TestAssignedPassword checks that a user whose password was set by an administrator reaches only
// the page to choose a new one.
func TestAssignedPassword(t *testing.T) {
	s := consoletest.New(t)
	s.AddUserWithReset("ada@example.org")
	b := s.Visitor()
	b.Get("/sign-in")
	view := b.Follow("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {consoletest.Password}})
	view.Want(t, 200, "Choose a new password", "was given to you", "Sign out")
	if strings.Contains(view.Body, "<nav") {
		t.Errorf("a menu whose pages are refused:\n%s", view.Body)
	}
	for _, path := range []string{"/profile", "/profile/keys", "/profile/activity", "/profile/picture"} {
		if a := b.Get(path); a.Header.Get("Location") != "/profile/password" {
			t.Errorf("%s: %d to %q", path, a.StatusCode, a.Header.Get("Location"))
		}
	}
	b.Get("/profile/password")
	b.Post("/profile/password", change(consoletest.Password, "weak", "weak")).Want(t, 422, "was given to you")
	a := b.Post("/profile/password", change(consoletest.Password, nextPassword, nextPassword))
	if a.Header.Get("Location") != "/" {
		t.Errorf("it continues at %q", a.Header.Get("Location"))
	}
	b.Get("/profile").Want(t, 200, "Your password was changed.")
}

// TestExternalPassword checks that a user of an external identity provider is told to change the
// password there.
func TestExternalPassword(t *testing.T) {
	s := consoletest.New(t)
	b := s.Visitor()
	text, hash, err := token.New(token.Console, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Store.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		now := s.Clock.Now()
		id, err := tx.InsertUser(ctx, account.User{
			Email:    "ada@example.org",
			Profile:  account.Profile{Name: "Ada"},
			Provider: account.ProviderLDAP, Identifier: "ada", Active: true,
			RoleIDs: access.DefaultRoles,
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
	b.Cookies["usher-dev"] = text.Reveal()
	b.Get("/profile").Want(t, 200, "The directory of your organisation")
	view := b.Get("/profile/password")
	view.Want(t, 200, "Your password is not kept here")
	if strings.Contains(view.Body, "oldPassword") {
		t.Errorf("a form whose use is refused:\n%s", view.Body)
	}
	b.Post("/profile/password", change(consoletest.Password, nextPassword, nextPassword)).Want(t, 409,
		"Your password is not kept here")
}
