package overview_test

import (
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestWelcome takes an administrator through the steps of the first run to the end.
func TestWelcome(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/welcome").Want(t, 200, "Public address", "Mail", "First people")
	if a := b.Post("/welcome/begin", nil); a.Header.Get("Location") != "/settings" {
		t.Errorf("the first run begins at %q", a.Header.Get("Location"))
	}
	const bar = `class="setup"`
	b.Get("/profile/sessions").Want(t, 200, bar)
	s.AddUser("ada@example.org")
	if a := b.Get("/profile/sessions"); strings.Count(a.Body, ">Done<") != 1 {
		t.Errorf("the invited user does not count:\n%s", a.Body)
	}
	b.Post("/welcome/end", nil)
	if a := b.Get("/profile/sessions"); strings.Contains(a.Body, bar) {
		t.Error("the first run does not end")
	}
}

func TestWelcomeIsForAdministrators(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/welcome").Want(t, 403, "You may not do this")
	b.Get("/profile/sessions")
	b.Post("/welcome/begin", nil).Want(t, 403)
}
