package activity_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestOwnActivity checks that users see only the entries of which they are the actor.
func TestOwnActivity(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	s.AddUser("bob@example.org")
	b := s.SignedInAs("ada@example.org")
	b.Get("/profile")
	b.Follow("/profile", url.Values{"name": {"Ada"}, "surname": {"Lovelace"}})
	b.Post("/profile/keys", url.Values{"name": {"backup"}})
	b.Get("/profile")
	b.Post("/profile/keys/contract/renew", nil)
	view := b.Get("/profile/activity")
	view.Want(t, 200, "Signed in", "Changed the profile", ">Surname<", "192.0.2.7", "Made an API key", ">backup<",
		">Key of the contract<")
	if strings.Contains(view.Body, "Made a user") {
		t.Errorf("the page has entries of other users:\n%s", view.Body)
	}
	admin := s.SignedInAs(consoletest.AdminEmail).Get("/profile/activity")
	admin.Want(t, 200, "Made a user: bob@example.org")
	if strings.Contains(admin.Body, "Surname") {
		t.Errorf("an administrator's own page has entries of other users:\n%s", admin.Body)
	}
}

func TestOwnActivityPages(t *testing.T) {
	s := consoletest.New(t)
	admin := s.Principal(consoletest.AdminEmail)
	for i := range 60 {
		name := fmt.Sprintf("Name-%02d-", i)
		consoletest.Must(s.UpdateUser(t.Context(), admin, admin.User.ID, account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: &name},
		}))
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	first := b.Get("/profile/activity")
	first.Want(t, 200, "Older")
	if strings.Contains(first.Body, "Newest") || strings.Count(first.Body, `<th scope="row">`) != 50 {
		t.Errorf("the first page has %d rows", strings.Count(first.Body, `<th scope="row">`))
	}
	_, link, _ := strings.Cut(first.Body, `href="/profile/activity?`)
	link, _, _ = strings.Cut(link, `"`)
	second := b.Get("/profile/activity?" + link)
	second.Want(t, 200, "Newest")
	if strings.Contains(second.Body, "Older") || strings.Count(second.Body, `<th scope="row">`) < 10 {
		t.Errorf("the second page:\n%s", second.Body)
	}
	b.Get("/profile/activity?cursor=!").Want(t, 400)
}

func TestOwnActivityWithoutPermission(t *testing.T) {
	s := consoletest.New(t)
	s.AddPowerlessUser("ada@example.org")
	b := s.Visitor()
	b.Get("/sign-in")
	b.Post("/sign-in", url.Values{"email": {"ada@example.org"}, "password": {consoletest.Password}})
	b.Get("/profile/activity").Want(t, 200, "Your roles do not let you read the activity log.")
}
