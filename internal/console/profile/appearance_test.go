package profile_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestAppearance(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile").Want(t, 200, `name="zone" value="UTC"`, `<option value="en" selected>`)
	for _, zone := range []string{"", "Local", "Nowhere/City", "../../etc/passwd", strings.Repeat("x", 65)} {
		b.Post("/profile/appearance", url.Values{"zone": {zone}, "language": {"fr"}, "theme": {"dark"}}).
			Want(t, 422, "There is no such time zone.", `lang="en" data-theme="system"`)
	}
	b.Follow("/profile/appearance", url.Values{"zone": {"Asia/Tokyo"}, "language": {"fr"}, "theme": {"dark"}}).
		Want(t, 200, `lang="fr" data-theme="dark"`, "L’apparence est enregistrée.", `name="zone" value="Asia/Tokyo"`)
	b.Get("/profile/sessions").Want(t, 200, `2027-03-01 18:00:00 JST`)
	if p := consoletest.Must(s.Preferences(t.Context(), s.Principal("ada@example.org"))); p.Language != "fr" {
		t.Errorf("the account prefers %q", p.Language)
	}
	b.Follow("/profile/appearance", url.Values{
		"zone": {"UTC"}, "language": {"tlh"}, "theme": {"<script>"},
	}).Want(t, 200, `lang="fr" data-theme="dark"`)
}

// TestPreferredLanguage signs in with a browser in which no language was chosen. Its pages must
// then be in the language that is stored with the account.
func TestPreferredLanguage(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	s.AddUser("bob@example.org")
	french, klingon := "fr-CA", "tlh"
	consoletest.Must(s.UpdatePreferences(t.Context(), s.Principal("ada@example.org"),
		account.PreferencesUpdate{Language: &french}))
	consoletest.Must(s.UpdatePreferences(t.Context(), s.Principal("bob@example.org"),
		account.PreferencesUpdate{Language: &klingon}))
	tests := []struct {
		name, email, asked, chosen, want string
	}{
		{"the account's", "ada@example.org", "", "", "fr"},
		{"chosen in the browser", "ada@example.org", "", "en", "en"},
		{"an account that never chose", consoletest.AdminEmail, "fr", "", "fr"},
		{"an account that never chose, and neither did the browser", consoletest.AdminEmail, "", "", "en"},
		{"one that we do not have", "bob@example.org", "fr", "", "fr"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := s.Visitor()
			b.Header = http.Header{"Accept-Language": {test.asked}}
			b.Get("/sign-in")
			if test.chosen != "" {
				b.Follow("/look", url.Values{"language": {test.chosen}, "back": {"/sign-in"}})
			}
			b.Post("/sign-in", url.Values{
				"email": {test.email}, "password": {consoletest.Password}, "zone": {"Europe/Paris"},
			}).Want(t, 303)
			b.Get("/profile").Want(t, 200, `<html lang="`+test.want+`"`)
		})
	}
}

// TestPreferredLanguageWithReset checks that a user who must choose a new password can sign in,
// although they may not read their stored language yet.
func TestPreferredLanguageWithReset(t *testing.T) {
	s := consoletest.New(t)
	s.AddUserWithReset("ada@example.org")
	s.SignedInAs("ada@example.org")
}
