package console_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

func TestOverview(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	for range 3 {
		b := s.visitor()
		b.get("/sign-in")
		b.post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {"Wrong-Horse-77"}})
	}
	page := s.as(adminEmail).get("/overview")
	page.want(t, 200, "<strong>2</strong>", "This server is not set up yet", "3 failed", "ada@example.org", "Schema", "2027-03-01")
	if bars := strings.Count(page.body, "<title>2027-"); bars != 30 {
		t.Errorf("%d days", bars)
	}
}

// What somebody may not see is not there, and who may see none of it has another home.
func TestOverviewOfFew(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	ada := s.as("ada@example.org")
	ada.get("/overview").want(t, 403)
	if home := ada.get("/").Header.Get("Location"); home != "/profile" {
		t.Errorf("the home of a user is %q", home)
	}
	some := must(s.CreateRoles(t.Context(), s.principal(adminEmail), []account.NewRole{{Name: "Some"}}))[0]
	permissions := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1}}}
	if _, err := s.SetRolePermissions(t.Context(), s.principal(adminEmail), some.ID, permissions); err != nil {
		t.Fatal(err)
	}
	s.user("bob@example.org", access.UserRole, some.ID)
	if home := s.as("bob@example.org").get("/").Header.Get("Location"); home != "/users" {
		t.Errorf("the home of who sees some users is %q", home)
	}
	if home := s.as(adminEmail).get("/").Header.Get("Location"); home != "/overview" {
		t.Errorf("the home of an administrator is %q", home)
	}
}
