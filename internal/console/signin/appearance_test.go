package signin_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestAppearanceForm checks that the browser keeps language, theme and time zone, and that invalid
// values are ignored.
func TestAppearanceForm(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Follow("/look", url.Values{"language": {"fr"}, "theme": {"dark"}, "back": {"/profile/sessions"}}).
		Want(t, 200, `lang="fr" data-theme="dark"`, "Se déconnecter")
	b.Follow("/look", url.Values{"theme": {`"><script>`}, "back": {"//evil.example"}})
	b.Get("/profile/sessions").Want(t, 200, `data-theme="dark"`, "Se déconnecter")
}

// TestZone checks which names of time zones are accepted: UTC and places of the IANA database. If
// the browser also has an older cookie that was set over HTTP, the HTTPS cookie counts.
func TestZone(t *testing.T) {
	s := consoletest.New(t)
	for zone, want := range map[string]string{
		"Europe/Paris":         "10:00:00 CET",
		"America/Indiana/Knox": "03:00:00 CST",
		"UTC":                  "09:00:00 UTC",
		"right/Europe/Paris":   "09:00:00 UTC",
		"localtime":            "09:00:00 UTC",
		"../../etc/passwd":     "09:00:00 UTC",
		"Europe/Nowhere":       "09:00:00 UTC",
		"Local":                "09:00:00 UTC",
	} {
		b := s.Visitor()
		b.Get("/sign-in")
		b.Post("/sign-in", url.Values{
			"email": {consoletest.AdminEmail}, "password": {consoletest.Password}, "zone": {zone},
		})
		if kept, ok := b.Cookies["usher-dev-look"]; ok { // add a second, older cookie that was set over HTTP
			b.Cookies["__Host-usher-look"], b.Cookies["usher-dev-look"] = kept, "zone=Asia/Tokyo"
		}
		if view := b.Get("/profile/sessions"); !strings.Contains(view.Body, want) {
			t.Errorf("%s: no %q on\n%s", zone, want, view.Body)
		}
	}
}
