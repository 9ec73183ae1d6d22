package users_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

func TestUserPage(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	ada := s.SignedInAs("ada@example.org")
	_, key, err := s.CreateKey(t.Context(), s.Principal("ada@example.org"), apikey.NewAPIKey{Name: "Nightly script"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/users/2").Want(t, 200, "<h1>Ada</h1>", "ada@example.org", "Created", "2027-03-01 09:00", "Last seen",
		"Nightly script", key.Hint,
		"Signed in", "Made a user", "/activity?actor=2", "/activity?targetId=2&amp;targetKind=user",
		"Send an invitation", "Set a password", ">Delete<", "What the user may do", `name="was.biography"`)
	b.Get("/users/2").WantWithout(t, "Unlock", "This is you.")
	b.Get("/users/1").Want(t, 200, "This is you.", `href="/profile"`, "This one")
	b.Get("/users/1").WantWithout(t, `name="email"`, "Set a password")
	for _, id := range []string{"99", "0", "x", "99999999999999999999", "02"} {
		b.Get("/users/"+id).Want(t, 404)
	}

	t.Run("sessions end", func(t *testing.T) {
		b.Follow("/users/2/sessions/end", nil).Want(t, 200, "All sessions have ended.", "Not signed in anywhere.")
		if a := ada.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session is still valid: %d", a.StatusCode)
		}
		other := s.SignedInAs("ada@example.org")
		sessions := consoletest.Must(s.Sessions(t.Context(), s.Principal(consoletest.AdminEmail), 2))
		b.Post(fmt.Sprintf("/users/1/sessions/%d/end", sessions[0].ID), nil).Want(t, 404)
		b.Follow(fmt.Sprintf("/users/2/sessions/%d/end", sessions[0].ID), nil).Want(t, 200, "The session has ended.")
		if a := other.Get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session is still valid: %d", a.StatusCode)
		}
		b.Follow("/users/1/sessions/end", nil).Want(t, 200, "All other sessions have ended.", "This one")
		b.Post("/users/2/sessions/999/end", nil).Want(t, 404)
		b.Post("/users/2/sessions/x/end", nil).Want(t, 404)
	})
	t.Run("a key ends", func(t *testing.T) {
		path := fmt.Sprintf("/users/2/keys/%d/end", key.ID)
		b.Get(path).Want(t, 200, "End the key Nightly script?", "stops working at once", `class="danger"`)
		b.Get(strings.Replace(path, "/2/", "/1/", 1)).Want(t, 404)
		b.Post(strings.Replace(path, "/2/", "/1/", 1), nil).Want(t, 404)
		b.Follow(path, nil).Want(t, 200, "The key has ended.", "No API keys.")
		b.Post(path, nil).Want(t, 404)
	})
}

func TestEditUser(t *testing.T) {
	s := consoletest.New(t)
	u := s.AddUser("ada@example.org")
	s.AddUser("bob@example.org")
	b := s.SignedInAs(consoletest.AdminEmail)
	edit := func(changes ...string) consoletest.Answer {
		form := consoletest.ProfileForm(u)
		for i := 0; i < len(changes); i += 2 {
			form.Set(changes[i], changes[i+1])
		}
		return b.Post("/users/2", form)
	}
	for _, test := range []struct {
		status  int
		says    string
		changes []string
	}{
		{422, "Must not be empty or white space alone.", []string{"name", " "}},
		{422, "Must be an e-mail address.", []string{"email", "ada"}},
		{422, "Is the address of another user.", []string{"email", "BOB@example.org"}},
		{422, "Must be at most 4096 characters long.", []string{"biography", strings.Repeat("é", 4097)}},
		{303, "There was nothing to change.", nil},
		{303, "There was nothing to change.", []string{"name", " Ada "}},
		{303, "The changes are saved.", []string{"surname", "Lovelace", "biography", "First\r\nsecond", "active", ""}},
	} {
		a := edit(test.changes...)
		if a.StatusCode != test.status {
			t.Fatalf("%q: %d\n%s", test.changes, a.StatusCode, a.Body)
		}
		if test.status == 303 {
			a = b.Get(a.Header.Get("Location"))
		} else {
			a.Want(t, test.status, "Edit Ada", "Nothing was changed. See what is marked below.",
				`aria-invalid="true"`, `name="was.name" value="Ada"`)
		}
		a.Want(t, a.StatusCode, test.says)
	}
	if got := s.FindUser(2); consoletest.OrEmpty(got.Surname) != "Lovelace" ||
		consoletest.OrEmpty(got.Biography) != "First\nsecond" || got.Active || got.Department != nil {
		t.Errorf("%+v", got)
	}
}

// TestConcurrentEdits sends a form whose page was opened before another change of the user. The
// form must not undo that change.
func TestConcurrentEdits(t *testing.T) {
	s := consoletest.New(t)
	u := s.AddUser("ada@example.org")
	first, second := s.SignedInAs(consoletest.AdminEmail), s.SignedInAs(consoletest.AdminEmail)
	form := consoletest.ProfileForm(u)
	form.Set("department", "Engines")
	first.Follow("/users/2", form).Want(t, 200, "The changes are saved.")
	form = consoletest.ProfileForm(u)
	form.Set("surname", "Lovelace")
	second.Follow("/users/2", form).Want(t, 200, "The changes are saved.")
	if got := s.FindUser(2); consoletest.OrEmpty(got.Department) != "Engines" ||
		consoletest.OrEmpty(got.Surname) != "Lovelace" {
		t.Errorf("%+v", got)
	}

	front := fmt.Sprint(s.AddRole("Front desk", consoletest.Permission(access.EntityUser, access.ActionRead)))
	back := fmt.Sprint(s.AddRole("Back office", consoletest.Permission(access.EntityUser, access.ActionRead)))
	first.Follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", front}}).Want(t, 200,
		"The roles are saved.")
	second.Follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", back}}).Want(t, 200,
		"The roles are saved.")
	if got := s.FindUser(2).RoleIDs; len(got) != 3 {
		t.Errorf("roles %v", got)
	}
}

// TestLongestTextsAreAccepted sends a form with an original and a new text of the maximum length.
// It must fit into the size limit of the route.
func TestLongestTextsAreAccepted(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	created := s.CreateRole("Desk")
	b := s.SignedInAs(consoletest.AdminEmail)
	long := strings.Repeat("𝄞", account.MaxDescriptionLength)
	for path, field := range map[string]string{
		"/profile": "biography", "/users/2": "biography", consoletest.RolePath(created.ID): "description",
	} {
		b.Follow(path, url.Values{field: {long}, "was." + field: {long[4:] + "x"}}).Want(t, 200, long)
	}
}
