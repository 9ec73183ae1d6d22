package users_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// bulkURL returns the URL of the confirmation page of a bulk action.
func bulkURL(action, role string, ids ...int64) string {
	v := url.Values{"action": {action}, "role": {role}, "back": {"/users?sort=-id"}}
	for _, id := range ids {
		v.Add("id", fmt.Sprint(id))
	}
	return "/users/several?" + v.Encode()
}

// confirm sends the form of a confirmation page, with the word that the user has typed to confirm.
func confirm(b *consoletest.Browser, asked consoletest.Answer, typed string) consoletest.Answer {
	b.T.Helper()
	asked.Want(b.T, 200)
	form := url.Values{"typed": {typed}}
	hiddenField := regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	for _, hidden := range hiddenField.FindAllStringSubmatch(asked.Body, -1) {
		form.Set(hidden[1], hidden[2])
	}
	return b.Post("/users/several", form)
}

func TestBulk(t *testing.T) {
	s := consoletest.New(t)
	ids := s.AddUsers("Ada", "Bob", "Cyd")
	front := fmt.Sprint(s.AddRole("Front desk", consoletest.Permission(access.EntityUser, access.ActionRead)))
	b := s.SignedInAs(consoletest.AdminEmail)
	tests := []struct {
		name, action, role string
		asks, typed, done  string
		then               func(account.User) bool
	}{
		{"deactivate", "deactivate", "", "Deactivate 3 users?", "", "3 users are inactive.",
			func(u account.User) bool { return !u.Active }},
		{"activate", "activate", "", "Activate 3 users?", "", "3 users are active.",
			func(u account.User) bool { return u.Active }},
		{"add a role", "add-role", front, "Give a role to 3 users?", "", "3 users have the role.",
			func(u account.User) bool { return len(u.RoleIDs) == 2 }},
		{"remove a role", "remove-role", front, "Take a role from 3 users?", "", "3 users are without the role.",
			func(u account.User) bool { return len(u.RoleIDs) == 1 }},
	}
	for _, test := range tests {
		asked := b.Get(bulkURL(test.action, test.role, ids...))
		asked.Want(t, 200, test.asks, "Ada", "bob@example.org", "Cyd")
		a := confirm(b, asked, test.typed)
		if a.Header.Get("Location") != "/users?sort=-id" {
			t.Errorf("%s redirects to %q", test.name, a.Header.Get("Location"))
		}
		b.Get("/users?sort=-id").Want(t, 200, test.done)
		for _, id := range ids {
			if u := s.FindUser(id); !test.then(u) {
				t.Errorf("%s: %+v", test.name, u)
			}
		}
	}

	t.Run("delete", func(t *testing.T) {
		asked := b.Get(bulkURL("delete", "", ids...))
		asked.Want(t, 200, "Delete 3 users?", "There is no way back.", "Number of users", `class="danger"`)
		confirm(b, asked, "2").Want(t, 422, "This is not the same.")
		if a := confirm(b, asked, " 3 "); a.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d\n%s", a.StatusCode, a.Body)
		}
		b.Get("/users").Want(t, 200, "3 users are deleted.")
	})
	t.Run("they are gone", func(t *testing.T) {
		b.Get(bulkURL("delete", "", ids...)).Want(t, 404)
	})
}

func TestOneUserIsDeletedByName(t *testing.T) {
	s := consoletest.New(t)
	id := s.AddUsers("Ada")[0]
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get(fmt.Sprintf("/users/%d", id)).Want(t, 200, "/users/several?action=delete")
	asked := b.Get(bulkURL("delete", "", id))
	asked.Want(t, 200, "Delete one user?", "Name of the user")
	confirm(b, asked, "1").Want(t, 422, "This is not the same.")
	confirm(b, asked, "Ada")
	b.Get("/users").Want(t, 200, "One user is deleted.")
	b.Get(fmt.Sprintf("/users/%d", id)).Want(t, 404)
}

// TestBulkReportsRefusedUsers checks that an action which is refused for one user is still applied
// to the others, and that the page shows the reason.
func TestBulkReportsRefusedUsers(t *testing.T) {
	s := consoletest.New(t)
	ids := s.AddUsers("Ada", "Bob")
	consoletest.Must(s.SetUserRoles(t.Context(), s.Principal(consoletest.AdminEmail), ids[1],
		[]int64{access.AdministratorRole}))
	manager := s.AddRole("Manager", consoletest.Permission(access.EntityUser, access.ActionRead),
		consoletest.Permission(access.EntityUser, access.ActionEditAccess),
		consoletest.Permission(access.EntityUser, access.ActionDelete))
	s.AddUser("max@example.org", access.UserRole, manager)
	b := s.SignedInAs("max@example.org")
	a := confirm(b, b.Get(bulkURL("deactivate", "", ids...)), "")
	a.Want(t, 409, "One user was left as before", "One user is inactive.", "Bob",
		"You do not have every permission that this gives or takes.", `href="/users?sort=-id"`)
	if s.FindUser(ids[0]).Active || !s.FindUser(ids[1]).Active {
		t.Error("the wrong user is inactive")
	}

	admin := s.SignedInAs(consoletest.AdminEmail)
	confirm(admin, admin.Get(bulkURL("delete", "", ids[1])), "Bob")
	confirm(admin, admin.Get(bulkURL("delete", "", 1)), "Admin").Want(t, 409, "This is the last administrator.")
	confirm(admin, admin.Get(bulkURL("remove-role", "2", ids[0])), "").Want(t, 409, "Must have at least one role.")
}

func TestBulkBadInput(t *testing.T) {
	s := consoletest.New(t)
	id := s.AddUsers("Ada")[0]
	b := s.SignedInAs(consoletest.AdminEmail)
	var many []int64
	for i := range int64(51) {
		many = append(many, i+1)
	}
	b.Get(bulkURL("delete", "", many...)).Want(t, 413, "That was too much")
	b.Get("/users/several?action=x&id=2").Want(t, 400)
	b.Get("/users/several?action=delete&id=x").Want(t, 400)
	b.Get("/users/several?action=delete&id=-1").Want(t, 400)
	b.Get(bulkURL("add-role", "x", id)).Want(t, 400)
	b.Get(bulkURL("add-role", "99", id)).Want(t, 404)
	for path, says := range map[string]string{
		bulkURL("delete", ""):            "Choose the users first.",
		bulkURL("add-role", "", id):      "Choose the role too.",
		"/users/several?action=activate": "Choose the users first.",
	} {
		a := b.Get(path)
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/users") {
			t.Errorf("%s: %d to %q", path, a.StatusCode, a.Header.Get("Location"))
		}
		b.Get("/users").Want(t, 200, says)
	}
	away := b.Get("/users/several?action=activate&back=//evil.example")
	if got := away.Header.Get("Location"); got != "/users" {
		t.Errorf("the link back goes to %q", got)
	}
	b.Post("/users/several", url.Values{"action": {"delete"}, "id": {fmt.Sprint(id)}}).Want(t, 422)
	if !s.FindUser(id).Active {
		t.Error("the user is gone")
	}
}
