package users_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestEditRoles(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users/2").Want(t, 200, `value="2" checked`)
	b.Follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"1", "2"}}).Want(t, 200,
		"The roles are saved.", "Global Administrator, User")
	b.Follow("/users/2/roles", url.Values{"was.role": {"1 2"}, "role": {"1", "2"}}).Want(t, 200,
		"There was nothing to change.")
	b.Post("/users/2/roles", url.Values{"was.role": {"1 2"}}).Want(t, 422, "Roles of Ada",
		"Must have at least one role.")
	b.Post("/users/2/roles", url.Values{"was.role": {"x"}}).Want(t, 400)
	b.Follow("/users/2/roles", url.Values{"was.role": {"1 2"}, "role": {"2"}}).Want(t, 200, "The roles are saved.")
	b.Post("/users/1/roles", url.Values{"was.role": {"1"}, "role": {"2"}}).Want(t, 409,
		"This is the last administrator.")
	b.Post("/users/99/roles", url.Values{"was.role": {"1"}, "role": {"2"}}).Want(t, 404)
}

// TestUnassignableRoles checks a role that has more permissions than the caller. The page shows the
// role, but the caller can neither give nor take it, not even with a forged form.
func TestUnassignableRoles(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	manager := s.AddRole("Manager", consoletest.Permission(access.EntityUser, access.ActionRead),
		consoletest.Permission(access.EntityUser, access.ActionEditAccess),
		consoletest.Permission(access.EntityRole, access.ActionRead), consoletest.Permission(access.EntityRole,
			access.ActionAssign))
	strong := s.AddRole("Strong", consoletest.Permission(access.EntityMail, access.ActionRead))
	s.AddUser("max@example.org", access.UserRole, manager)
	b := s.SignedInAs("max@example.org")
	b.Get("/users/2").Want(t, 200, "It has permissions that you do not have.",
		fmt.Sprintf(`value="%d" disabled`, strong), fmt.Sprintf(`value="%d"> <span>Manager`, manager))
	b.Follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"1", "2", fmt.Sprint(strong)}}).Want(t, 200,
		"There was nothing to change.")
	b.Follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", fmt.Sprint(manager)}}).Want(t, 200,
		"The roles are saved.")
	if got := s.FindUser(2).RoleIDs; !slices.Equal(got, []int64{2, manager}) {
		t.Errorf("roles %v", got)
	}
	// The caller can't change user 1, who has more permissions, and sees no buttons to do so.
	b.Get("/users/1").WantWithout(t, "Set a password", "What the user may do", "Send an invitation")
	b.Post("/users/1/password", url.Values{
		"password": {consoletest.Password}, "repeat": {consoletest.Password},
	}).Want(t, 403, "You do not have every permission")
}

func TestUnlockUser(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	for range 20 {
		_, _ = s.SignIn(t.Context(), "ada@example.org", secret.New("Wrong-Horse-77"),
			account.Origin{ClientNetwork: "192.0.2.99"})
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users?locked=true").Want(t, 200, "ada@example.org", "locked")
	b.Get("/users/2").Want(t, 200, "Unlock")
	b.Follow("/users/2/unlock", nil).Want(t, 200, "The user is not locked any more.")
	if s.FindUser(2).LockedOut {
		t.Error("locked")
	}
	b.Post("/users/1/unlock", nil).Want(t, 403, "Through your own id")
	b.Post("/users/99/unlock", nil).Want(t, 404)
}

func TestInviteUser(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	b := s.SignedInAs(consoletest.AdminEmail)
	for range 3 {
		b.Follow("/users/2/invite", nil).Want(t, 200, "An invitation to ada@example.org is on its way.")
	}
	b.Post("/users/2/invite", nil).Want(t, 429, "Too many attempts", "Try again in 60 minutes.")
	b.Post("/users/1/invite", nil).Want(t, 409, "Change your own password")
	b.Post("/users/99/invite", nil).Want(t, 404)
	s.Clock.Advance(time.Hour)
	form := consoletest.ProfileForm(s.FindUser(2))
	form.Del("active")
	b.Follow("/users/2", form)
	b.Get("/users/2").WantWithout(t, "Send an invitation")
	b.Post("/users/2/invite", nil).Want(t, 409, "This user is not active")
}

func TestSetUserPassword(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	key := func() {
		owner := s.Principal("ada@example.org")
		if _, _, err := s.CreateKey(t.Context(), owner, apikey.NewAPIKey{Name: "script"}); err != nil {
			t.Fatal(err)
		}
	}
	key()
	b := s.SignedInAs(consoletest.AdminEmail)
	const path, other = "/users/2/password", "Another-Horse-8"
	b.Get(path).Want(t, 200, "New password for Ada", "Keep the API keys", `autocomplete="new-password"`)
	b.Get("/users/99/password").Want(t, 404)
	b.Post(path, url.Values{"password": {"x"}, "repeat": {"x"}}).Want(t, 422, "Must have at least 12 characters")
	b.Post(path, url.Values{"password": {other}, "repeat": {"x"}}).Want(t, 422, "The two passwords differ.")
	if a := b.Post(path, url.Values{"password": {"Short-1"}, "repeat": {"Short-1"}}); strings.Contains(a.Body,
		"Short-1") {
		t.Error("the page shows the password")
	}
	b.Follow(path, url.Values{
		"password": {other}, "repeat": {other}, "keep-keys": {"yes"},
	}).Want(t, 200, "The password is set.", "script", "must change password")
	b.Follow(path, url.Values{"password": {other}, "repeat": {other}}).Want(t, 200, "The password is set.",
		"No API keys.")
	b.Post("/users/1/password", url.Values{"password": {other}, "repeat": {other}}).Want(t, 409,
		"Change your own password")
}
