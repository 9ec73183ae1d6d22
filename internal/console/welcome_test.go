package console_test

import (
	"strings"
	"testing"
)

// An administrator is led through the pages that a new server needs, until he has
// enough of it.
func TestWelcome(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/welcome").want(t, 200, "Public address", "Mail", "First people")
	if a := b.post("/welcome/begin", nil); a.Header.Get("Location") != "/settings" {
		t.Errorf("it begins at %q", a.Header.Get("Location"))
	}
	const bar = `class="setup"`
	b.get("/profile/sessions").want(t, 200, bar)
	s.user("ada@example.org")
	if a := b.get("/profile/sessions"); strings.Count(a.body, ">Done<") != 1 {
		t.Errorf("who was invited is not seen:\n%s", a.body)
	}
	b.post("/welcome/end", nil)
	if a := b.get("/profile/sessions"); strings.Contains(a.body, bar) {
		t.Error("it does not end")
	}
}

func TestWelcomeIsForAdministrators(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as("ada@example.org")
	b.get("/welcome").want(t, 403, "You may not do this")
	b.get("/profile/sessions")
	b.post("/welcome/begin", nil).want(t, 403)
}
