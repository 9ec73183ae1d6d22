package roles_test

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// holds returns the stored permissions of a role as text.
func holds(s *consoletest.Site, id int64) string {
	s.T.Helper()
	var texts []string
	for _, p := range consoletest.Must(s.Role(s.T.Context(), s.Principal(consoletest.AdminEmail), id)).Permissions {
		texts = append(texts, p.String())
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

var (
	chosenOptions = regexp.MustCompile(`(?s)<select id="([a-z-]+:[a-z-]+)"[^>]*>\n(.*?)</select>`)
	chosenOption  = regexp.MustCompile(`<option value="([^"]*)" selected`)
	listedIDs     = regexp.MustCompile(`name="([a-z:-]+\.ids)" value="([^"]*)"`)
	seenMark      = regexp.MustCompile(`name="seen" value="([^"]*)"`)
)

func TestRolesAreListed(t *testing.T) {
	s := consoletest.New(t)
	created := s.CreateRole("Help desk", access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead})
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/roles").Want(t, 200, "Global Administrator", "Built in", "Help desk", "For tests.",
		`data-label="Permissions">All<`, `data-label="Permissions">1<`, consoletest.RolePath(created.ID),
		`href="/users?role=`+strconv.FormatInt(created.ID, 10), "New role")
}

// TestRolePages checks that a long list of roles is split into pages.
func TestRolePages(t *testing.T) {
	s := consoletest.New(t)
	var many []account.NewRole
	for i := range 99 {
		many = append(many, account.NewRole{Name: "Role " + strconv.Itoa(i)})
	}
	created := consoletest.Must(s.CreateRoles(t.Context(), s.Principal(consoletest.AdminEmail), many))
	b := s.SignedInAs(consoletest.AdminEmail)
	next := "/roles?after=" + strconv.FormatInt(created[97].ID, 10)
	if view := b.Get("/roles"); !strings.Contains(view.Body, next) || strings.Contains(view.Body, ">Role 98<") {
		t.Errorf("the first page:\n%s", view.Body)
	}
	if view := b.Get(next); !strings.Contains(view.Body, ">Role 98<") || strings.Contains(view.Body, ">Role 97<") ||
		strings.Contains(view.Body, "after=") {
		t.Errorf("the second page:\n%s", view.Body)
	}
	b.Get("/roles?after=x").Want(t, 200, ">Role 0<")
}

func TestRoleIsCreatedAndChanged(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/roles/new").Want(t, 200, "New role", "Description")
	b.Post("/roles/new", url.Values{"name": {" "}, "description": {"kept"}}).Want(t, 422, "See what is marked below",
		`id="name-fault"`, ">kept<")
	b.Post("/roles/new", url.Values{"name": {"USER"}}).Want(t, 409, "Is the name of another role", `id="name-fault"`)
	created := b.Post("/roles/new", url.Values{"name": {"Help desk"}, "description": {"Phones"}})
	path := created.Header.Get("Location")
	b.Get(path).Want(t, 200, "The role was created.", "Help desk", "Phones", "Save the permissions")
	b.Post(path, url.Values{"name": {"user"}, "description": {"x"}}).Want(t, 409, "Is the name of another role",
		`value="user"`)
	b.Follow(path, url.Values{"name": {"Desk"}, "description": {"Calls"}}).Want(t, 200, "The role was saved.",
		"<h1>Desk</h1>", ">Calls<", `name="was.description" value="Calls"`)
	b.Follow(path, url.Values{"name": {"Desk"}, "was.name": {"Desk"}}).Want(t, 200, "There was nothing to change.")
}

// TestConcurrentRoleChanges sends a form whose page was opened before another user changed the
// role. The form must not undo that change.
func TestConcurrentRoleChanges(t *testing.T) {
	s := consoletest.New(t)
	created := s.CreateRole("Desk")
	b := s.SignedInAs(consoletest.AdminEmail)
	shown := func(name, description string) url.Values {
		return url.Values{
			"name": {name}, "was.name": {"Desk"}, "description": {description}, "was.description": {"For tests."},
		}
	}
	b.Follow(consoletest.RolePath(created.ID), shown("Desk", "Phones")).Want(t, 200, "The role was saved.")
	b.Follow(consoletest.RolePath(created.ID), shown("Front desk", "For tests.")).Want(t, 200, "The role was saved.",
		"<h1>Front desk</h1>", ">Phones<")
}

func TestRoleIsCopied(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	b.Get("/roles/2").Want(t, 200, "built in", "Copy this role", "<strong>Own</strong>")
	b.Get("/roles/2/copy").Want(t, 200, "Copy of User")
	b.Post("/roles/2/copy", url.Values{"name": {"User"}}).Want(t, 409, "Is the name of another role")
	moved := b.Post("/roles/2/copy", url.Values{"name": {"Guest"}})
	b.Get(moved.Header.Get("Location")).Want(t, 200, "The copy was created.", "<h1>Guest</h1>")
	id := consoletest.Must(strconv.ParseInt(strings.TrimPrefix(moved.Header.Get("Location"), "/roles/"), 10, 64))
	if got, want := holds(s, id), holds(s, access.UserRole); got != want {
		t.Errorf("the copy has %s, want %s", got, want)
	}
	b.Get("/roles/77/copy").Want(t, 404)
}

// roleRecorder records the roles whose permissions were read from the database.
type roleRecorder struct {
	account.RoleReader
	pages int
	read  []int64
}

func (w *roleRecorder) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	w.pages++
	return w.RoleReader.RolesAfter(ctx, id, limit)
}

func (w *roleRecorder) Roles(ctx context.Context, ids []int64) ([]access.Role, error) {
	w.read = append(w.read, ids...)
	return w.RoleReader.Roles(ctx, ids)
}

// TestPagesReadOnlyNeededPermissions checks that pages which only show a role's name don't read its
// permissions, which may list thousands of ids. A page reads them only to find out whether the
// caller may give the role.
func TestPagesReadOnlyNeededPermissions(t *testing.T) {
	watch := &roleRecorder{}
	s := consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		watch.RoleReader, store.RoleReader = store.RoleReader, watch
		o.Store = &store
	})
	read := access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead}
	heavy, plain := s.CreateRole("Heavy", read), s.CreateRole("Plain", read)
	reader := s.CreateRole("Reader", read,
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead}, access.PermissionRequest{
			Entity: access.EntityApplicationSettings, Action: access.ActionRead,
		})
	giver := s.CreateRole("Giver", read, access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead},
		access.PermissionRequest{Entity: access.EntityUser,
			Action: access.ActionCreate}, access.PermissionRequest{Entity: access.EntityUser,
			Action: access.ActionEditAccess},
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionAssign, IDs: &[]int64{plain.ID}})
	s.AddUser("reader@example.org", reader.ID)
	s.AddUser("giver@example.org", giver.ID)
	for email, paths := range map[string][]string{
		consoletest.AdminEmail: {"/users", "/users/1", "/users/2", "/users/new", "/roles", "/settings",
			consoletest.RolePath(plain.ID) + "/delete"},
		"reader@example.org": {"/users", "/users/1", "/roles", "/settings"},
		"giver@example.org":  {"/users", "/users/new", "/users/2", "/roles"},
	} {
		b := s.SignedInAs(email)
		for _, path := range paths {
			watch.pages, watch.read = 0, nil
			b.Get(path).Want(t, 200)
			if watch.pages > 0 || slices.Contains(watch.read, heavy.ID) {
				t.Errorf("%s for %s: %d pages of roles, and the roles %v", path, email, watch.pages, watch.read)
			}
		}
	}
}

func TestRoleIsDeleted(t *testing.T) {
	s := consoletest.New(t)
	desk, other := s.CreateRole("Desk"), s.CreateRole("Other")
	ada := s.AddUser("ada@example.org", desk.ID)
	b := s.SignedInAs(consoletest.AdminEmail)
	path := consoletest.RolePath(desk.ID) + "/delete"
	b.Get(path).Want(t, 200, "Delete “Desk”", "ada@example.org", ">Other<", "Type the name of the role")
	b.Post(path, url.Values{"name": {"desk"}}).Want(t, 422, "This is not the name of the role.")
	b.Post(path, url.Values{"name": {"Desk"}}).Want(t, 409, "Choose the one that takes its place",
		`id="replaceWith-fault"`)
	b.Post(path, url.Values{"name": {"Desk"}, "replaceWith": {"77"}}).Want(t, 422, "There is no other role 77")
	b.Post(path, url.Values{"name": {"Desk"}, "replaceWith": {"x"}}).Want(t, 400)
	with := strconv.FormatInt(other.ID, 10)
	b.Follow(path, url.Values{"name": {"Desk"}, "replaceWith": {with}}).Want(t, 200, "The role “Desk” was deleted.")
	if got := s.FindUser(ada.ID).RoleIDs; !slices.Equal(got, []int64{other.ID}) {
		t.Errorf("the former holder has %v", got)
	}
	b.Get(path).Want(t, 404)
	unused := s.CreateRole("Unused")
	padded := s.CreateRole(" Padded ")
	b.Follow(consoletest.RolePath(padded.ID)+"/delete", url.Values{"name": {" Padded "}}).Want(t, 200, "was deleted")
	b.Get(consoletest.RolePath(unused.ID)+"/delete").Want(t, 200, "None of the users that you see has this role.")
	b.Follow(consoletest.RolePath(unused.ID)+"/delete", url.Values{"name": {"Unused"}}).Want(t, 200, "was deleted")
}

// TestBuiltInRolesStay checks that built-in roles are shown, but can be neither changed nor
// deleted.
func TestBuiltInRolesStay(t *testing.T) {
	s := consoletest.New(t)
	b := s.SignedInAs(consoletest.AdminEmail)
	a := b.Get("/roles/1")
	a.Want(t, 200, "This role is built in", "Copy this role", "<strong>All</strong>")
	if strings.Contains(a.Body, "<select") || strings.Contains(a.Body, "Delete…") {
		t.Errorf("the role can be changed:\n%s", a.Body)
	}
	b.Post("/roles/1", url.Values{"name": {"Root"}}).Want(t, 409, "built in")
	b.Post("/roles/2/permissions", url.Values{"user:read": {"all"}}).Want(t, 409, "built in")
	b.Get("/roles/2/delete").Want(t, 404)
	b.Post("/roles/2/delete", url.Values{"name": {"User"}}).Want(t, 404)
	b.Get("/roles/77").Want(t, 404)
	b.Get("/roles/x").Want(t, 404)
}

func TestRolesNeedPermissions(t *testing.T) {
	s := consoletest.New(t)
	reader := s.CreateRole("Reader", access.PermissionRequest{
		Entity: access.EntityRole, Action: access.ActionRead, IDs: &[]int64{2},
	})
	s.AddUser("nobody@example.org")
	s.AddUser("reader@example.org", reader.ID)
	b := s.SignedInAs("nobody@example.org")
	for _, path := range []string{"/roles", "/roles/new", "/roles/2", "/roles/2/copy", "/roles/2/delete"} {
		b.Get(path).Want(t, 403, "You may not do this")
	}
	b.Get("/profile/sessions")
	for _, path := range []string{
		"/roles/new", "/roles/2", "/roles/2/copy", "/roles/2/permissions", "/roles/2/delete",
	} {
		b.Post(path, nil).Want(t, 403)
	}
	b = s.SignedInAs("reader@example.org")
	a := b.Get("/roles")
	a.Want(t, 200, ">User<")
	if strings.Contains(a.Body, "Administrator") || strings.Contains(a.Body, "New role") || strings.Contains(a.Body,
		"/users?") {
		t.Errorf("the page shows more than the caller may see:\n%s", a.Body)
	}
	b.Get("/roles/1").Want(t, 404)
}
