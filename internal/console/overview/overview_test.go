package overview_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestOverview(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	for range 3 {
		b := s.Visitor()
		b.Get("/sign-in")
		b.Post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {"Wrong-Horse-77"}})
	}
	view := s.SignedInAs(consoletest.AdminEmail).Get("/overview")
	view.Want(t, 200, "<strong>2</strong>", "This server is not set up yet", "3 failed", "ada@example.org", "Schema",
		"2027-03-01")
	if bars := strings.Count(view.Body, "<title>2027-"); bars != 30 {
		t.Errorf("%d days", bars)
	}
}

// TestOverviewPermissions checks that the overview omits what the caller may not see. A user who
// may see no part of the overview has another home page.
func TestOverviewPermissions(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	ada := s.SignedInAs("ada@example.org")
	ada.Get("/overview").Want(t, 403)
	if home := ada.Get("/").Header.Get("Location"); home != "/profile" {
		t.Errorf("the home page of a user is %q", home)
	}
	some := consoletest.Must(s.CreateRoles(t.Context(), s.Principal(consoletest.AdminEmail),
		[]account.NewRole{{Name: "Some"}}))[0]
	permissions := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1}}}
	admin := s.Principal(consoletest.AdminEmail)
	if _, err := s.SetRolePermissions(t.Context(), admin, some.ID, permissions); err != nil {
		t.Fatal(err)
	}
	s.AddUser("bob@example.org", access.UserRole, some.ID)
	if home := s.SignedInAs("bob@example.org").Get("/").Header.Get("Location"); home != "/users" {
		t.Errorf("the home page of a user who sees some users is %q", home)
	}
	if home := s.SignedInAs(consoletest.AdminEmail).Get("/").Header.Get("Location"); home != "/overview" {
		t.Errorf("the home page of an administrator is %q", home)
	}
}
