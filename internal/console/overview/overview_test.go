package overview_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console"
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

// TestProxyWarnings checks the warnings about proxies. They need permission to read the application
// settings.
func TestProxyWarnings(t *testing.T) {
	s := consoletest.New(t)
	const untrusted, ignored = "no proxy is trusted", "192.0.2.99 sends the header X-Forwarded-For"
	reader := consoletest.Must(s.CreateRoles(t.Context(), s.Principal(consoletest.AdminEmail),
		[]account.NewRole{{Name: "Reader"}}))[0]
	permissions := []access.PermissionRequest{{Entity: access.EntityUser, Action: access.ActionRead}}
	admin := s.Principal(consoletest.AdminEmail)
	if _, err := s.SetRolePermissions(t.Context(), admin, reader.ID, permissions); err != nil {
		t.Fatal(err)
	}
	s.AddUser("ada@example.org", access.UserRole, reader.ID)
	for _, test := range []struct {
		public, peer    string
		trusted         bool
		email           string
		shown, notShown []string
	}{
		{"https://example.com", "192.0.2.99", false, consoletest.AdminEmail, []string{untrusted, ignored}, nil},
		{"https://example.com", "", false, consoletest.AdminEmail, []string{untrusted}, []string{"X-Forwarded-For"}},
		{"https://example.com", "192.0.2.99", true, consoletest.AdminEmail, []string{ignored}, []string{untrusted}},
		{"http://example.com", "", false, consoletest.AdminEmail, nil, []string{untrusted, "X-Forwarded-For"}},
		{"https://example.com", "192.0.2.99", false, "ada@example.org", nil, []string{untrusted, "X-Forwarded-For"}},
	} {
		s.Handler = console.New(console.Options{
			Accounts: s.Service, Recovery: s.Service, Logger: slog.New(slog.DiscardHandler),
			ClientNetwork: func(*http.Request) string { return "192.0.2.7" },
			PublicURL:     func(context.Context) (*url.URL, error) { return url.Parse(test.public) },
			TrustsProxies: test.trusted, IgnoredPeer: func() string { return test.peer },
		})
		view := s.SignedInAs(test.email).Get("/overview")
		view.Want(t, 200, test.shown...)
		view.WantWithout(t, test.notShown...)
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
