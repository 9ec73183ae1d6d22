package users_test

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

var rowLink = regexp.MustCompile(`</span> <a href="/users/\d+">(.*)</a></span>`)

// listed returns the names of the users on a page, in the order of the list.
func listed(a consoletest.Answer) (names []string) {
	for _, found := range rowLink.FindAllStringSubmatch(a.Body, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestUserList(t *testing.T) {
	s := consoletest.New(t)
	ids := s.AddUsers("Ada", "Bob", "Cyd")
	front := s.AddRole("Front desk", consoletest.Permission(access.EntityUser, access.ActionRead))
	admin := s.Principal(consoletest.AdminEmail)
	consoletest.Must(s.ChangeUserRoles(t.Context(), admin, ids[1], []int64{front}, nil))
	off := false
	consoletest.Must(s.UpdateUser(t.Context(), admin, ids[2], account.UserUpdate{Active: &off}))
	b := s.SignedInAs(consoletest.AdminEmail)
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
		a := b.Get("/users?" + query)
		a.Want(t, 200)
		if got := listed(a); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	b.Get("/users").Want(t, 200, "4 users on this page", `aria-sort="ascending"`, "sort=-name", "Front desk",
		"inactive", `>A</span> <a href="/users/2">Ada</a>`)
	b.Get("/users?sort=-id").Want(t, 200, `aria-sort="descending"`)
	b.Get("/users?search=nobody").Want(t, 200, "Nobody fits these filters.", "Show all")
	b.Get(fmt.Sprintf("/users?role=%d", front+99)).Want(t, 200,
		fmt.Sprintf(`<option value="%d" selected>Role %d</option>`, front+99, front+99))
	for _, query := range []string{
		"sort=x", "role=x", "active=x", "locked=2", "provider=x", "cursor=x", "search=" + strings.Repeat("a", 257),
	} {
		b.Get("/users?"+query).Want(t, 400, "This could not be understood")
	}
}

// TestUserPages checks that the second page of a list keeps the filter and the sort order.
func TestUserPages(t *testing.T) {
	s := consoletest.New(t)
	var names []string
	for i := range 70 {
		names = append(names, fmt.Sprintf("P%02d", i))
	}
	s.AddUsers(names...)
	b := s.SignedInAs(consoletest.AdminEmail)
	first := b.Get("/users?search=p&sort=-name&role=2")
	first.Want(t, 200, "50 users on this page", "Next page")
	first.WantWithout(t, "First page")
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(first.Body)
	if next == nil {
		t.Fatal("no link to the next page")
	}
	second := b.Get(strings.ReplaceAll(next[1], "&amp;", "&"))
	second.Want(t, 200, "First page", "20 users on this page")
	second.WantWithout(t, "Next page")
	got := slices.Concat(listed(first), listed(second))
	slices.Reverse(names)
	if !slices.Equal(got, names) {
		t.Errorf("the pages list %q", got)
	}
}

// TestUserListPermissions checks that a user who may read only themselves sees neither other users
// nor bulk actions.
func TestUserListPermissions(t *testing.T) {
	s := consoletest.New(t)
	s.AddUsers("Ada", "Bob")
	b := s.SignedInAs("ada@example.org")
	a := b.Get("/users")
	a.Want(t, 200)
	if got := listed(a); !slices.Equal(got, []string{"Ada"}) {
		t.Errorf("Ada sees %q", got)
	}
	a.WantWithout(t, "New user", "What to do", `name="id"`)
	own := b.Get("/users/2")
	own.Want(t, 200, "This is you.", `name="biography"`)
	own.WantWithout(t, `name="email"`, "Set a password", "Send an invitation", "What the user may do", ">Delete<")
	b.Get("/users/3").Want(t, 404, "There is nothing here")
	b.Get("/users/new").Want(t, 403, "You may not do this")
	b.Post("/users/new", nil).Want(t, 403)
	b.Post("/users/3", url.Values{"name": {"Eve"}}).Want(t, 404)
	for _, path := range []string{"/users/3/roles", "/users/3/unlock", "/users/3/invite", "/users/3/password"} {
		b.Post(path, nil).Want(t, 403)
	}
	for _, path := range []string{"/users/3/sessions/end", "/users/3/sessions/1/end", "/users/3/keys/1/end"} {
		b.Post(path, nil).Want(t, 404)
	}
	b.Post("/users/several", url.Values{"action": {"delete"}, "id": {"3"}, "typed": {"Bob"}}).Want(t, 404)
	b.Post("/users/several", url.Values{"action": {"deactivate"}, "id": {"2"}}).Want(t, 409,
		"Through your own id you may change")
}
