package console_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// people makes users who are not to sign in with a password that anybody knows.
func (s *site) people(names ...string) (ids []int64) {
	s.t.Helper()
	var users []account.NewUser
	for _, name := range names {
		users = append(users, account.NewUser{Name: name, Email: strings.ToLower(name) + "@example.org", Active: true, Password: secret.New(password)})
	}
	for _, u := range must(s.CreateUsers(s.t.Context(), s.principal(adminEmail), users)) {
		ids = append(ids, u.ID)
	}
	return ids
}

// role makes a role with permissions for all.
func (s *site) role(name string, permissions ...access.PermissionRequest) int64 {
	s.t.Helper()
	admin := s.principal(adminEmail)
	made := must(s.CreateRoles(s.t.Context(), admin, []account.NewRole{{Name: name}}))
	must(s.SetRolePermissions(s.t.Context(), admin, made[0].ID, permissions))
	return made[0].ID
}

func (s *site) find(id int64) account.User {
	s.t.Helper()
	return must(s.User(s.t.Context(), s.principal(adminEmail), id))
}

func draft(e access.Entity, a access.Action) access.PermissionRequest {
	return access.PermissionRequest{Entity: e, Action: a}
}

// without fails the test if the page says one of the texts.
func (a answer) without(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page says %q:\n%s", text, a.body)
		}
	}
}

var rowLink = regexp.MustCompile(`</span> <a href="/users/\d+">(.*)</a></span>`)

// listed are the names in the list, in its order.
func (a answer) listed() (names []string) {
	for _, found := range rowLink.FindAllStringSubmatch(a.body, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestUserList(t *testing.T) {
	s := newSite(t)
	ids := s.people("Ada", "Bob", "Cyd")
	front := s.role("Front desk", draft(access.EntityUser, access.ActionRead))
	admin := s.principal(adminEmail)
	must(s.ChangeUserRoles(t.Context(), admin, ids[1], []int64{front}, nil))
	off := false
	must(s.UpdateUser(t.Context(), admin, ids[2], account.UserUpdate{Active: &off}))
	b := s.as(adminEmail)
	for query, want := range map[string][]string{
		"":                               {"Ada", "Admin", "Bob", "Cyd"},
		"sort=-name":                     {"Cyd", "Bob", "Admin", "Ada"},
		"sort=-id":                       {"Cyd", "Bob", "Ada", "Admin"},
		"sort=email":                     {"Ada", "Admin", "Bob", "Cyd"},
		"search=BOB":                     {"Bob"},
		"search=+":                       {"Ada", "Admin", "Bob", "Cyd"},
		"active=false":                   {"Cyd"},
		"active=true&sort=id":            {"Admin", "Ada", "Bob"},
		"locked=true":                    nil,
		"provider=ldap":                  nil,
		"provider=tenable&search=ada":    {"Ada"},
		fmt.Sprintf("role=%d", front):    {"Bob"},
		fmt.Sprintf("role=%d", front+99): nil,
	} {
		a := b.get("/users?" + query)
		a.want(t, 200)
		if got := a.listed(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	b.get("/users").want(t, 200, "4 users on this page", `aria-sort="ascending"`, "sort=-name", "Front desk", "inactive", `>A</span> <a href="/users/2">Ada</a>`)
	b.get("/users?sort=-id").want(t, 200, `aria-sort="descending"`)
	b.get("/users?search=nobody").want(t, 200, "Nobody fits these filters.", "Show all")
	b.get(fmt.Sprintf("/users?role=%d", front+99)).want(t, 200, fmt.Sprintf(`<option value="%d" selected>Role %d</option>`, front+99, front+99))
	for _, query := range []string{"sort=x", "role=x", "active=x", "locked=2", "provider=x", "cursor=x", "search=" + strings.Repeat("a", 257)} {
		b.get("/users?"+query).want(t, 400, "This could not be understood")
	}
}

// A list goes on with the same filters and in the same order.
func TestUserPages(t *testing.T) {
	s := newSite(t)
	var names []string
	for i := range 70 {
		names = append(names, fmt.Sprintf("P%02d", i))
	}
	s.people(names...)
	b := s.as(adminEmail)
	first := b.get("/users?search=p&sort=-name&role=2")
	first.want(t, 200, "50 users on this page", "Next page")
	first.without(t, "First page")
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(first.body)
	if next == nil {
		t.Fatal("no link to the next page")
	}
	second := b.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	second.want(t, 200, "First page", "20 users on this page")
	second.without(t, "Next page")
	got := slices.Concat(first.listed(), second.listed())
	slices.Reverse(names)
	if !slices.Equal(got, names) {
		t.Errorf("the pages list %q", got)
	}
}

// Who may read himself alone sees himself, and no way to change others.
func TestUserListOfAUser(t *testing.T) {
	s := newSite(t)
	s.people("Ada", "Bob")
	b := s.as("ada@example.org")
	a := b.get("/users")
	a.want(t, 200)
	if got := a.listed(); !slices.Equal(got, []string{"Ada"}) {
		t.Errorf("Ada sees %q", got)
	}
	a.without(t, "New user", "What to do", `name="id"`)
	own := b.get("/users/2")
	own.want(t, 200, "This is you.", `name="biography"`)
	own.without(t, `name="email"`, "Set a password", "Send an invitation", "What the user may do", ">Delete<")
	b.get("/users/3").want(t, 404, "There is nothing here")
	b.get("/users/new").want(t, 403, "You may not do this")
	b.post("/users/new", nil).want(t, 403)
	b.post("/users/3", url.Values{"name": {"Eve"}}).want(t, 404)
	for _, path := range []string{"/users/3/roles", "/users/3/unlock", "/users/3/invite", "/users/3/password"} {
		b.post(path, nil).want(t, 403)
	}
	for _, path := range []string{"/users/3/sessions/end", "/users/3/sessions/1/end", "/users/3/keys/1/end"} {
		b.post(path, nil).want(t, 404)
	}
	b.post("/users/several", url.Values{"action": {"delete"}, "id": {"3"}, "typed": {"Bob"}}).want(t, 404)
	b.post("/users/several", url.Values{"action": {"deactivate"}, "id": {"2"}}).want(t, 409, "Through your own id you may change")
}

func TestUserExport(t *testing.T) {
	s := newSite(t)
	s.people("=Ada", "Bob")
	b := s.as(adminEmail)
	a := b.get("/users/export?format=csv&search=example.org&sort=-id")
	a.want(t, 200)
	if got := a.Header.Get("Content-Type") + " " + a.Header.Get("Content-Disposition"); got != `text/csv; charset=utf-8 attachment; filename="users.csv"` {
		t.Errorf("headers %s", got)
	}
	rows := must(csv.NewReader(strings.NewReader(a.body)).ReadAll())
	if len(rows) != 4 || rows[0][0] != "name" || rows[1][0] != "Bob" || rows[2][0] != "'=Ada" {
		t.Errorf("rows %q", rows)
	}
	if a := b.get("/users/export?format=json&search=bob"); a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" ||
		!strings.Contains(a.body, `"email":"bob@example.org"`) || strings.Contains(a.body, "ada") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, query := range []string{"", "format=xml", "format=csv&sort=x", "format=csv&role=x"} {
		b.get("/users/export?"+query).want(t, 400)
	}
	head := b.do(httptest.NewRequest(http.MethodHead, "/users/export?format=csv", nil))
	head.want(t, 200)
	if head.body != "" || head.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("HEAD reads the users: %s", head.body)
	}
	own := s.as("bob@example.org").get("/users/export?format=csv")
	own.want(t, 200, "bob@example.org")
	own.without(t, "admin@example.org")
}

// An export has every page of the list.
func TestUserExportIsWhole(t *testing.T) {
	s := newSite(t)
	var names []string
	for i := range account.DefaultPage + 20 {
		names = append(names, fmt.Sprintf("P%03d", i))
	}
	s.people(names...)
	rows := must(csv.NewReader(strings.NewReader(s.as(adminEmail).get("/users/export?format=csv&search=p0&role=2").body)).ReadAll())
	if len(rows) != 101 { // P000 to P099, and the heading
		t.Errorf("%d rows", len(rows))
	}
	all := must(csv.NewReader(strings.NewReader(s.as(adminEmail).get("/users/export?format=csv").body)).ReadAll())
	if len(all) != len(names)+2 {
		t.Errorf("%d rows", len(all))
	}
}

// severalURL asks to do something to users.
func severalURL(action, role string, ids ...int64) string {
	v := url.Values{"action": {action}, "role": {role}, "back": {"/users?sort=-id"}}
	for _, id := range ids {
		v.Add("id", fmt.Sprint(id))
	}
	return "/users/several?" + v.Encode()
}

// confirm sends the form that asks, with a word typed.
func (b *browser) confirm(asked answer, typed string) answer {
	b.t.Helper()
	asked.want(b.t, 200)
	form := url.Values{"typed": {typed}}
	for _, hidden := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(asked.body, -1) {
		form.Set(hidden[1], hidden[2])
	}
	return b.post("/users/several", form)
}

func TestSeveralUsers(t *testing.T) {
	s := newSite(t)
	ids := s.people("Ada", "Bob", "Cyd")
	front := fmt.Sprint(s.role("Front desk", draft(access.EntityUser, access.ActionRead)))
	b := s.as(adminEmail)
	tests := []struct {
		name, action, role string
		asks, typed, done  string
		then               func(account.User) bool
	}{
		{"deactivate", "deactivate", "", "Deactivate 3 users?", "", "3 users are inactive.", func(u account.User) bool { return !u.Active }},
		{"activate", "activate", "", "Activate 3 users?", "", "3 users are active.", func(u account.User) bool { return u.Active }},
		{"add a role", "add-role", front, "Give a role to 3 users?", "", "3 users have the role.", func(u account.User) bool { return len(u.RoleIDs) == 2 }},
		{"remove a role", "remove-role", front, "Take a role from 3 users?", "", "3 users are without the role.", func(u account.User) bool { return len(u.RoleIDs) == 1 }},
	}
	for _, test := range tests {
		asked := b.get(severalURL(test.action, test.role, ids...))
		asked.want(t, 200, test.asks, "Ada", "bob@example.org", "Cyd")
		a := b.confirm(asked, test.typed)
		if a.Header.Get("Location") != "/users?sort=-id" {
			t.Errorf("%s leads to %q", test.name, a.Header.Get("Location"))
		}
		b.get("/users?sort=-id").want(t, 200, test.done)
		for _, id := range ids {
			if u := s.find(id); !test.then(u) {
				t.Errorf("%s: %+v", test.name, u)
			}
		}
	}

	t.Run("delete", func(t *testing.T) {
		asked := b.get(severalURL("delete", "", ids...))
		asked.want(t, 200, "Delete 3 users?", "There is no way back.", "Number of users", `class="danger"`)
		b.confirm(asked, "2").want(t, 422, "This is not the same.")
		if a := b.confirm(asked, " 3 "); a.StatusCode != http.StatusSeeOther {
			t.Errorf("status %d\n%s", a.StatusCode, a.body)
		}
		b.get("/users").want(t, 200, "3 users are deleted.")
	})
	t.Run("they are gone", func(t *testing.T) {
		b.get(severalURL("delete", "", ids...)).want(t, 404)
	})
}

func TestOneUserIsDeletedByName(t *testing.T) {
	s := newSite(t)
	id := s.people("Ada")[0]
	b := s.as(adminEmail)
	b.get(fmt.Sprintf("/users/%d", id)).want(t, 200, "/users/several?action=delete")
	asked := b.get(severalURL("delete", "", id))
	asked.want(t, 200, "Delete one user?", "Name of the user")
	b.confirm(asked, "1").want(t, 422, "This is not the same.")
	b.confirm(asked, "Ada")
	b.get("/users").want(t, 200, "One user is deleted.")
	b.get(fmt.Sprintf("/users/%d", id)).want(t, 404)
}

// Who is refused does not keep it from the others, and the page says why.
func TestSeveralUsersSomeRefused(t *testing.T) {
	s := newSite(t)
	ids := s.people("Ada", "Bob")
	must(s.SetUserRoles(t.Context(), s.principal(adminEmail), ids[1], []int64{access.AdministratorRole}))
	manager := s.role("Manager", draft(access.EntityUser, access.ActionRead), draft(access.EntityUser, access.ActionEditAccess),
		draft(access.EntityUser, access.ActionDelete))
	s.user("max@example.org", access.UserRole, manager)
	b := s.as("max@example.org")
	a := b.confirm(b.get(severalURL("deactivate", "", ids...)), "")
	a.want(t, 409, "One user was left as before", "One user is inactive.", "Bob", "You do not have every permission that this gives or takes.", `href="/users?sort=-id"`)
	if s.find(ids[0]).Active || !s.find(ids[1]).Active {
		t.Error("not the right one is inactive")
	}

	admin := s.as(adminEmail)
	admin.confirm(admin.get(severalURL("delete", "", ids[1])), "Bob")
	admin.confirm(admin.get(severalURL("delete", "", 1)), "Admin").want(t, 409, "This is the last administrator.")
	admin.confirm(admin.get(severalURL("remove-role", "2", ids[0])), "").want(t, 409, "Must have at least one role.")
}

func TestSeveralUsersBadInput(t *testing.T) {
	s := newSite(t)
	id := s.people("Ada")[0]
	b := s.as(adminEmail)
	var many []int64
	for i := range int64(51) {
		many = append(many, i+1)
	}
	b.get(severalURL("delete", "", many...)).want(t, 413, "That was too much")
	b.get("/users/several?action=x&id=2").want(t, 400)
	b.get("/users/several?action=delete&id=x").want(t, 400)
	b.get("/users/several?action=delete&id=-1").want(t, 400)
	b.get(severalURL("add-role", "x", id)).want(t, 400)
	b.get(severalURL("add-role", "99", id)).want(t, 404)
	for path, says := range map[string]string{
		severalURL("delete", ""):         "Choose the users first.",
		severalURL("add-role", "", id):   "Choose the role too.",
		"/users/several?action=activate": "Choose the users first.",
	} {
		a := b.get(path)
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/users") {
			t.Errorf("%s: %d to %q", path, a.StatusCode, a.Header.Get("Location"))
		}
		b.get("/users").want(t, 200, says)
	}
	away := b.get("/users/several?action=activate&back=//evil.example")
	if got := away.Header.Get("Location"); got != "/users" {
		t.Errorf("the way back leads to %q", got)
	}
	b.post("/users/several", url.Values{"action": {"delete"}, "id": {fmt.Sprint(id)}}).want(t, 422)
	if !s.find(id).Active {
		t.Error("gone")
	}
}

func TestNewUser(t *testing.T) {
	s := newSite(t)
	front := fmt.Sprint(s.role("Front desk", draft(access.EntityUser, access.ActionRead)))
	b := s.as(adminEmail)
	b.get("/users/new").want(t, 200, "No mail server is set up", "Send an invitation by mail", "Front desk", "Holds every permission.")
	tests := []struct {
		name   string
		form   url.Values
		status int
		says   string
	}{
		{"nothing", url.Values{"begin": {"invite"}}, 422, "Must not be empty or white space alone."},
		{"no address", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada"}}, 422, "Must be an e-mail address."},
		{"taken", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ADMIN@example.org"}}, 422, "Is the address of another user."},
		{"long", url.Values{"begin": {"invite"}, "name": {strings.Repeat("a", 257)}, "email": {"ada@example.org"}}, 422, "Must be at most 256 characters long."},
		{"weak", url.Values{"begin": {"password"}, "name": {"Ada"}, "email": {"ada@example.org"}, "password": {"x"}, "repeat": {"x"}}, 422, "Must have at least 12 characters"},
		{"differ", url.Values{"begin": {"password"}, "name": {"Ada"}, "email": {"ada@example.org"}, "password": {password}, "repeat": {"x"}}, 422, "The two passwords differ."},
		{"no page of ours", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "was.role": {"x"}}, 400, "This could not be understood"},
		{"invite", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "role": {"2"}}, 303, "an invitation to ada@example.org is on its way"},
		{"password", url.Values{"begin": {"password"}, "name": {"Bob"}, "email": {"bob@example.org"}, "password": {password}, "repeat": {password}, "role": {"2", front}}, 303, "may sign in now"},
		{"no role", url.Values{"begin": {"invite"}, "name": {"Cyd"}, "email": {"cyd@example.org"}, "was.role": {"2"}}, 303, "The others were refused: Must have at least one role."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := b.post("/users/new", test.form)
			if a.StatusCode != test.status {
				t.Fatalf("status %d, want %d\n%s", a.StatusCode, test.status, a.body)
			}
			a.without(t, password)
			if test.status == 303 {
				a = b.get(a.Header.Get("Location"))
			} else if email := test.form.Get("email"); test.status == 422 && email != "" && !strings.Contains(a.body, email) {
				t.Error("what was typed is gone")
			}
			a.want(t, a.StatusCode, test.says)
		})
	}
	if mails := must(s.ListMail(t.Context(), s.principal(adminEmail))); len(mails) != 2 {
		t.Errorf("%d messages: %+v", len(mails), mails)
	}
	s.as("bob@example.org")
	if u := s.find(3); u.Name != "Bob" || len(u.RoleIDs) != 2 {
		t.Errorf("%+v", u)
	}
}

// A role that new users are to have since the page was shown is one that nobody took away.
func TestNewUserGetsWhatHasBecomeADefault(t *testing.T) {
	s := newSite(t)
	front := s.role("Front desk", draft(access.EntityUser, access.ActionRead))
	b := s.as(adminEmail)
	b.get("/users/new").want(t, 200, `name="was.role" value="2"`)
	form := url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "was.role": {"2"}, "role": {"1", "2"}}
	defaults := []int64{2, front}
	must(s.UpdateApplicationSettings(t.Context(), s.principal(adminEmail), settings.ApplicationUpdate{DefaultRoleIDs: &defaults}))
	b.follow("/users/new", form).want(t, 200, "is on its way")
	if u := s.find(2); !slices.Equal(u.RoleIDs, []int64{1, 2, front}) {
		t.Errorf("roles %v", u.RoleIDs)
	}
}

// Who may create users and see none of them goes on with the next one.
func TestNewUserByWhoSeesNone(t *testing.T) {
	s := newSite(t)
	s.user("max@example.org", s.role("Creator", draft(access.EntityUser, access.ActionCreate)))
	b := s.as("max@example.org")
	b.follow("/users/new", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}}).want(t, 200, "New user", "is on its way")
}

// Who may create users and not change their access gives them no roles.
func TestNewUserByACreator(t *testing.T) {
	s := newSite(t)
	creator := s.role("Creator", draft(access.EntityUser, access.ActionRead), draft(access.EntityUser, access.ActionCreate))
	s.user("max@example.org", creator)
	b := s.as("max@example.org")
	b.get("/users/new").want(t, 200)
	b.get("/users/new").without(t, `name="role"`)
	b.follow("/users/new", url.Values{"begin": {"invite"}, "name": {"Ada"}, "email": {"ada@example.org"}, "role": {"1"}}).want(t, 200, "is on its way")
	if u := s.find(3); !slices.Equal(u.RoleIDs, access.DefaultRoles) {
		t.Errorf("roles %v", u.RoleIDs)
	}
}
