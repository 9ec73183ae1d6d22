package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestUserPage(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	ada := s.as("ada@example.org")
	_, key, err := s.CreateKey(t.Context(), s.principal("ada@example.org"), apikey.NewAPIKey{Name: "Nightly script"})
	if err != nil {
		t.Fatal(err)
	}
	b := s.as(adminEmail)
	b.get("/users/2").want(t, 200, "<h1>Ada</h1>", "ada@example.org", "Created", "2027-03-01 09:00", "Last seen", "Nightly script", key.Hint,
		"Signed in", "Made a user", "/activity?actor=2", "/activity?targetId=2&amp;targetKind=user",
		"Send an invitation", "Set a password", ">Delete<", "What the user may do", `name="was.biography"`)
	b.get("/users/2").without(t, "Unlock", "This is you.")
	b.get("/users/1").want(t, 200, "This is you.", `href="/profile"`, "This one")
	b.get("/users/1").without(t, `name="email"`, "Set a password")
	for _, id := range []string{"99", "0", "x", "99999999999999999999", "02"} {
		b.get("/users/"+id).want(t, 404)
	}

	t.Run("sessions end", func(t *testing.T) {
		b.follow("/users/2/sessions/end", nil).want(t, 200, "All sessions have ended.", "Not signed in anywhere.")
		if a := ada.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", a.StatusCode)
		}
		other := s.as("ada@example.org")
		sessions := must(s.Sessions(t.Context(), s.principal(adminEmail), 2))
		b.post(fmt.Sprintf("/users/1/sessions/%d/end", sessions[0].ID), nil).want(t, 404)
		b.follow(fmt.Sprintf("/users/2/sessions/%d/end", sessions[0].ID), nil).want(t, 200, "The session has ended.")
		if a := other.get("/profile/sessions"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", a.StatusCode)
		}
		b.follow("/users/1/sessions/end", nil).want(t, 200, "All other sessions have ended.", "This one")
		b.post("/users/2/sessions/999/end", nil).want(t, 404)
		b.post("/users/2/sessions/x/end", nil).want(t, 404)
	})
	t.Run("a key ends", func(t *testing.T) {
		path := fmt.Sprintf("/users/2/keys/%d/end", key.ID)
		b.get(path).want(t, 200, "End the key Nightly script?", "stops working at once", `class="danger"`)
		b.get(strings.Replace(path, "/2/", "/1/", 1)).want(t, 404)
		b.post(strings.Replace(path, "/2/", "/1/", 1), nil).want(t, 404)
		b.follow(path, nil).want(t, 200, "The key has ended.", "No API keys.")
		b.post(path, nil).want(t, 404)
	})
}

// shown is what a form about a user has shown, as it is sent back.
func shown(u account.User) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"name": u.Name, "surname": text(u.Surname), "department": text(u.Department), "biography": text(u.Biography), "email": u.Email, "active": "yes",
	} {
		v.Set(name, value)
		v.Set("was."+name, value)
	}
	return v
}

func text(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}

func TestEditUser(t *testing.T) {
	s := newSite(t)
	u := s.user("ada@example.org")
	s.user("bob@example.org")
	b := s.as(adminEmail)
	edit := func(changes ...string) answer {
		form := shown(u)
		for i := 0; i < len(changes); i += 2 {
			form.Set(changes[i], changes[i+1])
		}
		return b.post("/users/2", form)
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
			t.Fatalf("%q: %d\n%s", test.changes, a.StatusCode, a.body)
		}
		if test.status == 303 {
			a = b.get(a.Header.Get("Location"))
		} else {
			a.want(t, test.status, "Edit Ada", "Nothing was changed. See what is marked below.", `aria-invalid="true"`, `name="was.name" value="Ada"`)
		}
		a.want(t, a.StatusCode, test.says)
	}
	if got := s.find(2); text(got.Surname) != "Lovelace" || text(got.Biography) != "First\nsecond" || got.Active || got.Department != nil {
		t.Errorf("%+v", got)
	}
}

// A form leaves alone what somebody else has changed since it was shown.
func TestTwoEditsAtOnce(t *testing.T) {
	s := newSite(t)
	u := s.user("ada@example.org")
	first, second := s.as(adminEmail), s.as(adminEmail)
	form := shown(u)
	form.Set("department", "Engines")
	first.follow("/users/2", form).want(t, 200, "The changes are saved.")
	form = shown(u)
	form.Set("surname", "Lovelace")
	second.follow("/users/2", form).want(t, 200, "The changes are saved.")
	if got := s.find(2); text(got.Department) != "Engines" || text(got.Surname) != "Lovelace" {
		t.Errorf("%+v", got)
	}

	front := fmt.Sprint(s.role("Front desk", draft(access.EntityUser, access.ActionRead)))
	back := fmt.Sprint(s.role("Back office", draft(access.EntityUser, access.ActionRead)))
	first.follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", front}}).want(t, 200, "The roles are saved.")
	second.follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", back}}).want(t, 200, "The roles are saved.")
	if got := s.find(2).RoleIDs; len(got) != 3 {
		t.Errorf("roles %v", got)
	}
}

func TestEditRoles(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as(adminEmail)
	b.get("/users/2").want(t, 200, `value="2" checked`)
	b.follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"1", "2"}}).want(t, 200, "The roles are saved.", "Global Administrator, User")
	b.follow("/users/2/roles", url.Values{"was.role": {"1 2"}, "role": {"1", "2"}}).want(t, 200, "There was nothing to change.")
	b.post("/users/2/roles", url.Values{"was.role": {"1 2"}}).want(t, 422, "Roles of Ada", "Must have at least one role.")
	b.post("/users/2/roles", url.Values{"was.role": {"x"}}).want(t, 400)
	b.follow("/users/2/roles", url.Values{"was.role": {"1 2"}, "role": {"2"}}).want(t, 200, "The roles are saved.")
	b.post("/users/1/roles", url.Values{"was.role": {"1"}, "role": {"2"}}).want(t, 409, "This is the last administrator.")
	b.post("/users/99/roles", url.Values{"was.role": {"1"}, "role": {"2"}}).want(t, 404)
}

// A role that gives more than the caller has is shown, and can be neither given nor
// taken: also not by who sends a form of his own making.
func TestRolesThatTheCallerCannotGive(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	manager := s.role("Manager", draft(access.EntityUser, access.ActionRead), draft(access.EntityUser, access.ActionEditAccess),
		draft(access.EntityRole, access.ActionRead), draft(access.EntityRole, access.ActionAssign))
	strong := s.role("Strong", draft(access.EntityMail, access.ActionRead))
	s.user("max@example.org", access.UserRole, manager)
	b := s.as("max@example.org")
	b.get("/users/2").want(t, 200, "It has permissions that you do not have.", fmt.Sprintf(`value="%d" disabled`, strong), fmt.Sprintf(`value="%d"> <span>Manager`, manager))
	b.follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"1", "2", fmt.Sprint(strong)}}).want(t, 200, "There was nothing to change.")
	b.follow("/users/2/roles", url.Values{"was.role": {"2"}, "role": {"2", fmt.Sprint(manager)}}).want(t, 200, "The roles are saved.")
	if got := s.find(2).RoleIDs; !slices.Equal(got, []int64{2, manager}) {
		t.Errorf("roles %v", got)
	}
	// Whom he does not cover, he cannot change, and sees no button for it.
	b.get("/users/1").without(t, "Set a password", "What the user may do", "Send an invitation")
	b.post("/users/1/password", url.Values{"password": {password}, "repeat": {password}}).want(t, 403, "You do not have every permission")
}

func TestUnlockUser(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	for range 20 {
		_, _ = s.SignIn(t.Context(), "ada@example.org", secret.New("Wrong-Horse-77"), account.Origin{ClientNetwork: "192.0.2.99"})
	}
	b := s.as(adminEmail)
	b.get("/users?locked=true").want(t, 200, "ada@example.org", "locked")
	b.get("/users/2").want(t, 200, "Unlock")
	b.follow("/users/2/unlock", nil).want(t, 200, "The user is not locked any more.")
	if s.find(2).LockedOut {
		t.Error("locked")
	}
	b.post("/users/1/unlock", nil).want(t, 403, "Through your own id")
	b.post("/users/99/unlock", nil).want(t, 404)
}

func TestInviteUser(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	b := s.as(adminEmail)
	for range 3 {
		b.follow("/users/2/invite", nil).want(t, 200, "An invitation to ada@example.org is on its way.")
	}
	b.post("/users/2/invite", nil).want(t, 429, "Too many attempts", "Try again in 60 minutes.")
	b.post("/users/1/invite", nil).want(t, 409, "Change your own password")
	b.post("/users/99/invite", nil).want(t, 404)
	s.clock.advance(time.Hour)
	form := shown(s.find(2))
	form.Del("active")
	b.follow("/users/2", form)
	b.get("/users/2").without(t, "Send an invitation")
	b.post("/users/2/invite", nil).want(t, 409, "This user is not active")
}

func TestSetUserPassword(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	key := func() {
		if _, _, err := s.CreateKey(t.Context(), s.principal("ada@example.org"), apikey.NewAPIKey{Name: "script"}); err != nil {
			t.Fatal(err)
		}
	}
	key()
	b := s.as(adminEmail)
	const path, other = "/users/2/password", "Another-Horse-8"
	b.get(path).want(t, 200, "New password for Ada", "Keep the API keys", `autocomplete="new-password"`)
	b.get("/users/99/password").want(t, 404)
	b.post(path, url.Values{"password": {"x"}, "repeat": {"x"}}).want(t, 422, "Must have at least 12 characters")
	b.post(path, url.Values{"password": {other}, "repeat": {"x"}}).want(t, 422, "The two passwords differ.")
	if a := b.post(path, url.Values{"password": {"Short-1"}, "repeat": {"Short-1"}}); strings.Contains(a.body, "Short-1") {
		t.Error("the page shows the password")
	}
	b.follow(path, url.Values{"password": {other}, "repeat": {other}, "keep-keys": {"yes"}}).want(t, 200, "The password is set.", "script", "must change password")
	b.follow(path, url.Values{"password": {other}, "repeat": {other}}).want(t, 200, "The password is set.", "No API keys.")
	b.post("/users/1/password", url.Values{"password": {other}, "repeat": {other}}).want(t, 409, "Change your own password")
}

// A form that carries what it has shown is twice as long as what one may write.
func TestLongestTextsAreTaken(t *testing.T) {
	s := newSite(t)
	s.user("ada@example.org")
	made := s.newRole("Desk")
	b := s.as(adminEmail)
	long := strings.Repeat("𝄞", account.MaxDescriptionLength)
	for path, field := range map[string]string{"/profile": "biography", "/users/2": "biography", rolePage(made.ID): "description"} {
		b.follow(path, url.Values{field: {long}, "was." + field: {long[4:] + "x"}}).want(t, 200, long)
	}
}
