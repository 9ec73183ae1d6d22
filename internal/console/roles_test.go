package console_test

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// newRole makes a role that permits something.
func (s *site) newRole(name string, permissions ...access.PermissionRequest) access.Role {
	s.t.Helper()
	admin := s.principal(adminEmail)
	made := must(s.CreateRoles(s.t.Context(), admin, []account.NewRole{{Name: name, Description: "For tests."}}))
	if permissions == nil {
		return made[0]
	}
	return must(s.SetRolePermissions(s.t.Context(), admin, made[0].ID, permissions))
}

// holds returns the permissions of a role as people write them.
func (s *site) holds(id int64) string {
	s.t.Helper()
	var texts []string
	for _, p := range must(s.Role(s.t.Context(), s.principal(adminEmail), id)).Permissions {
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

// matrixOf is what the form with the permissions sends as it is shown.
func matrixOf(a answer) url.Values {
	form := url.Values{}
	for _, field := range chosenOptions.FindAllStringSubmatch(a.body, -1) {
		if chosen := chosenOption.FindStringSubmatch(field[2]); chosen != nil {
			form.Set(field[1], html.UnescapeString(chosen[1]))
		}
	}
	for _, field := range listedIDs.FindAllStringSubmatch(a.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	if seen := seenMark.FindStringSubmatch(a.body); seen != nil {
		form.Set("seen", seen[1])
	}
	return form
}

func TestRolesAreListed(t *testing.T) {
	s := newSite(t)
	made := s.newRole("Help desk", access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead})
	b := s.as(adminEmail)
	b.get("/roles").want(t, 200, "Global Administrator", "Built in", "Help desk", "For tests.",
		`data-label="Permissions">All<`, `data-label="Permissions">1<`, rolePage(made.ID), `href="/users?role=`+strconv.FormatInt(made.ID, 10), "New role")
}

// A list is shown in pages.
func TestRolesHavePages(t *testing.T) {
	s := newSite(t)
	var many []account.NewRole
	for i := range 99 {
		many = append(many, account.NewRole{Name: "Role " + strconv.Itoa(i)})
	}
	made := must(s.CreateRoles(t.Context(), s.principal(adminEmail), many))
	b := s.as(adminEmail)
	next := "/roles?after=" + strconv.FormatInt(made[97].ID, 10)
	if page := b.get("/roles"); !strings.Contains(page.body, next) || strings.Contains(page.body, ">Role 98<") {
		t.Errorf("the first page:\n%s", page.body)
	}
	if page := b.get(next); !strings.Contains(page.body, ">Role 98<") || strings.Contains(page.body, ">Role 97<") || strings.Contains(page.body, "after=") {
		t.Errorf("the second page:\n%s", page.body)
	}
	b.get("/roles?after=x").want(t, 200, ">Role 0<")
}

func rolePage(id int64) string { return "/roles/" + strconv.FormatInt(id, 10) }

func TestRoleIsCreatedAndChanged(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/roles/new").want(t, 200, "New role", "Description")
	b.post("/roles/new", url.Values{"name": {" "}, "description": {"kept"}}).want(t, 422, "See what is marked below", `id="name-fault"`, ">kept<")
	b.post("/roles/new", url.Values{"name": {"USER"}}).want(t, 409, "Is the name of another role", `id="name-fault"`)
	made := b.post("/roles/new", url.Values{"name": {"Help desk"}, "description": {"Phones"}})
	path := made.Header.Get("Location")
	b.get(path).want(t, 200, "The role was created.", "Help desk", "Phones", "Save the permissions")
	b.post(path, url.Values{"name": {"user"}, "description": {"x"}}).want(t, 409, "Is the name of another role", `value="user"`)
	b.follow(path, url.Values{"name": {"Desk"}, "description": {"Calls"}}).want(t, 200, "The role was saved.", "<h1>Desk</h1>", ">Calls<", `name="was.description" value="Calls"`)
	b.follow(path, url.Values{"name": {"Desk"}, "was.name": {"Desk"}}).want(t, 200, "There was nothing to change.")
}

// A page leaves alone what somebody else has changed since it was shown.
func TestTwoChangeARole(t *testing.T) {
	s := newSite(t)
	made := s.newRole("Desk")
	b := s.as(adminEmail)
	shown := func(name, description string) url.Values {
		return url.Values{"name": {name}, "was.name": {"Desk"}, "description": {description}, "was.description": {"For tests."}}
	}
	b.follow(rolePage(made.ID), shown("Desk", "Phones")).want(t, 200, "The role was saved.")
	b.follow(rolePage(made.ID), shown("Front desk", "For tests.")).want(t, 200, "The role was saved.", "<h1>Front desk</h1>", ">Phones<")
}

func TestRoleIsCopied(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	b.get("/roles/2").want(t, 200, "built in", "Copy this role", "<strong>Own</strong>")
	b.get("/roles/2/copy").want(t, 200, "Copy of User")
	b.post("/roles/2/copy", url.Values{"name": {"User"}}).want(t, 409, "Is the name of another role")
	moved := b.post("/roles/2/copy", url.Values{"name": {"Guest"}})
	b.get(moved.Header.Get("Location")).want(t, 200, "The copy was created.", "<h1>Guest</h1>")
	id := must(strconv.ParseInt(strings.TrimPrefix(moved.Header.Get("Location"), "/roles/"), 10, 64))
	if got, want := s.holds(id), s.holds(access.UserRole); got != want {
		t.Errorf("the copy has %s, want %s", got, want)
	}
	b.get("/roles/77/copy").want(t, 404)
}

// Every kind of permission is shown, and saving the page as it is changes none; what it
// has no word for stays as well.
func TestMatrixKeepsWhatItShows(t *testing.T) {
	s := newSite(t)
	made := s.newRole("All kinds",
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1, 14}},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, DynamicID: access.SelfUserID},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionEdit, DynamicID: access.SelfUserID},
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead, IDs: &[]int64{2}},
		access.PermissionRequest{Entity: access.EntityMail, Action: access.ActionRead},
		access.PermissionRequest{Entity: "webhook", Action: "read", IDs: &[]int64{5}},
		access.PermissionRequest{Entity: access.EntityUser, Action: "paint", DynamicID: access.SelfUserID},
	)
	const want = "mail:read role:read:2 user:edit:self user:paint:self user:read:1,14 user:read:self webhook:read:5"
	if got := s.holds(made.ID); got != want {
		t.Fatalf("the role has %s", got)
	}
	b := s.as(adminEmail)
	page := b.get(rolePage(made.ID))
	page.want(t, 200, "<code>webhook:read:5</code>", "<code>user:paint:self</code>", "kept as they are", `value="1, 14"`)
	b.follow(rolePage(made.ID)+"/permissions", matrixOf(page)).want(t, 200, "The permissions were saved.")
	if got := s.holds(made.ID); got != want {
		t.Errorf("after it was saved the role has %s, want %s", got, want)
	}
}

func TestMatrixIsSaved(t *testing.T) {
	tests := []struct {
		name   string
		set    url.Values
		status int
		says   string
		want   string
	}{
		{"all", url.Values{"user:read": {"all"}, "user:create": {"all"}, "application-settings:read": {"all"}}, 303, "", "application-settings:read user:create user:read"},
		{"ids, however they are separated", url.Values{"role:read": {"ids"}, "role:read.ids": {"2, 1;2\n 1"}}, 303, "", "role:read:1,2"},
		{"own and ids", url.Values{"session:read": {"self+ids"}, "session:read.ids": {"7"}}, 303, "", "session:read:7 session:read:self"},
		{"ids that are not chosen", url.Values{"user:read": {"self"}, "user:read.ids": {"no numbers"}}, 303, "", "user:read:self"},
		{"what is no choice", url.Values{"user:read": {"self+all"}, "user:paint": {"all"}, "mail:read": {"ids"}, "mail:read.ids": {"1"}}, 303, "", ""},
		{"without the permission to see", url.Values{"user:delete": {"all"}, "user:read": {"self"}}, 422, "must see the same ones", ""},
		{"no ids", url.Values{"user:read": {"ids"}}, 422, "Write at least one id", ""},
		{"no numbers", url.Values{"user:read": {"ids"}, "user:read.ids": {"1, ada"}}, 422, "Write numbers", ""},
		{"no such number", url.Values{"user:read": {"ids"}, "user:read.ids": {"0"}}, 422, "Write numbers", ""},
		{"too many", url.Values{"user:read": {"ids"}, "user:read.ids": {manyIDs(access.MaxListedIDs + 1)}}, 422, "Must list at most 10000 ids in all.", ""},
	}
	s := newSite(t)
	b := s.as(adminEmail)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made := s.newRole(test.name)
			test.set.Set("seen", matrixOf(b.get(rolePage(made.ID))).Get("seen"))
			a := b.post(rolePage(made.ID)+"/permissions", test.set)
			a.want(t, test.status, test.says)
			if got := s.holds(made.ID); got != test.want {
				t.Errorf("the role has %q, want %q", got, test.want)
			}
			if test.status == 303 {
				return
			}
			shown := matrixOf(a) // what was typed stays
			for name := range test.set {
				if name != "formToken" && shown.Get(name) != test.set.Get(name) {
					t.Errorf("%s is shown as %.50q", name, shown.Get(name))
				}
			}
		})
	}
}

func manyIDs(n int) string {
	var ids strings.Builder
	for i := range n {
		ids.WriteString(strconv.Itoa(i+1) + ",")
	}
	return ids.String()
}

// The fault is beside its cell.
func TestFaultIsBesideItsCell(t *testing.T) {
	s := newSite(t)
	made := s.newRole("Desk")
	b := s.as(adminEmail)
	form := matrixOf(b.get(rolePage(made.ID)))
	form.Set("user:read", "all")
	form.Set("session:delete", "all")
	a := b.post(rolePage(made.ID)+"/permissions", form)
	a.want(t, 422, `id="session:delete-fault"`, `aria-describedby="session:delete-fault"`)
	if strings.Count(a.body, `class="fault"`) != 1 {
		t.Errorf("more than one cell is marked:\n%s", a.body)
	}
}

// Who opened the page before somebody else saved it does not undo that.
func TestMatrixOfBeforeIsRefused(t *testing.T) {
	s := newSite(t)
	made := s.newRole("Desk")
	b := s.as(adminEmail)
	before := matrixOf(b.get(rolePage(made.ID)))
	must(s.SetRolePermissions(t.Context(), s.principal(adminEmail), made.ID, []access.PermissionRequest{{Entity: access.EntityMail, Action: access.ActionRead}}))
	b.post(rolePage(made.ID)+"/permissions", before).want(t, 409, "Somebody has changed these permissions")
	if got := s.holds(made.ID); got != "mail:read" {
		t.Errorf("the role has %s", got)
	}
}

// gate is a store whose writes wait, from when it is closed, until there are as many as
// it was closed for.
type gate struct {
	account.Store
	waiting atomic.Int32
	open    chan struct{}
}

func (g *gate) close(writes int32) {
	g.open = make(chan struct{})
	g.waiting.Store(writes)
}

func (g *gate) Write(ctx context.Context, f func(ctx context.Context, tx account.Tx) error) error {
	if g.open != nil {
		if g.waiting.Add(-1) == 0 {
			close(g.open)
		}
		<-g.open
	}
	return g.Store.Write(ctx, f)
}

// Of two who save the page that both have opened, at once, one is refused.
func TestMatrixIsSavedByTwoAtOnce(t *testing.T) {
	writes := &gate{}
	s := newSite(t, func(o *service.Options) { writes.Store, o.Store = o.Store, writes })
	made := s.newRole("Desk")
	saves := make([]func() answer, 2)
	for i := range saves {
		b := s.as(adminEmail)
		form := matrixOf(b.get(rolePage(made.ID)))
		form.Set("user:read", "ids")
		form.Set("user:read.ids", strconv.Itoa(i+1))
		saves[i] = func() answer { return b.post(rolePage(made.ID)+"/permissions", form) }
	}
	writes.close(2)
	answers := make([]answer, len(saves))
	var together sync.WaitGroup
	for i, save := range saves {
		together.Go(func() { answers[i] = save() })
	}
	together.Wait()
	won := slices.IndexFunc(answers, func(a answer) bool { return a.StatusCode == 303 })
	if won < 0 {
		t.Fatal("both were refused")
	}
	answers[1-won].want(t, 409, "Somebody has changed these permissions")
	if got, want := s.holds(made.ID), "user:read:"+strconv.Itoa(won+1); got != want {
		t.Errorf("the role has %s, want %s", got, want)
	}
}

// roleWatch is a store that tells whose permissions were read.
type roleWatch struct {
	account.Store
	pages int
	read  []int64
}

func (w *roleWatch) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	w.pages++
	return w.Store.RolesAfter(ctx, id, limit)
}

func (w *roleWatch) Roles(ctx context.Context, ids []int64) ([]access.Role, error) {
	w.read = append(w.read, ids...)
	return w.Store.Roles(ctx, ids)
}

// A role may list thousands of ids. Pages that show its name do not read them, unless
// they have to find out whether the caller may give it.
func TestPagesReadNoPermissionsInVain(t *testing.T) {
	watch := &roleWatch{}
	s := newSite(t, func(o *service.Options) { watch.Store, o.Store = o.Store, watch })
	read := access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead}
	heavy, plain := s.newRole("Heavy", read), s.newRole("Plain", read)
	reader := s.newRole("Reader", read, access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead}, access.PermissionRequest{Entity: access.EntityApplicationSettings, Action: access.ActionRead})
	giver := s.newRole("Giver", read, access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionCreate}, access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionEditAccess},
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionAssign, IDs: &[]int64{plain.ID}})
	s.user("reader@example.org", reader.ID)
	s.user("giver@example.org", giver.ID)
	for email, paths := range map[string][]string{
		adminEmail:           {"/users", "/users/1", "/users/2", "/users/new", "/roles", "/settings", rolePage(plain.ID) + "/delete"},
		"reader@example.org": {"/users", "/users/1", "/roles", "/settings"},
		"giver@example.org":  {"/users", "/users/new", "/users/2", "/roles"},
	} {
		b := s.as(email)
		for _, path := range paths {
			watch.pages, watch.read = 0, nil
			b.get(path).want(t, 200)
			if watch.pages > 0 || slices.Contains(watch.read, heavy.ID) {
				t.Errorf("%s for %s: %d pages of roles, and the roles %v", path, email, watch.pages, watch.read)
			}
		}
	}
}

// Nobody gives what he does not have: the choices are closed, and the rules refuse what
// is sent all the same.
func TestMatrixOffersWhatOneHas(t *testing.T) {
	s := newSite(t)
	editor := s.newRole("Role editor",
		access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead}, access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionEdit},
		access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionRead, IDs: &[]int64{1}},
	)
	desk, mighty := s.newRole("Desk"), s.newRole("Mighty", access.PermissionRequest{Entity: access.EntityMail, Action: access.ActionRead})
	s.user("ed@example.org", editor.ID)
	b := s.as("ed@example.org")
	page := b.get(rolePage(desk.ID))
	page.want(t, 200, "What is grey", `name="mail:read" disabled`, `<option value="all" disabled>All</option>`)
	if strings.Contains(page.body, "Copy this role") || strings.Contains(page.body, "Delete…") {
		t.Error("he is offered what he may not do")
	}
	form := matrixOf(page)
	form.Set("mail:read", "all")
	b.post(rolePage(desk.ID)+"/permissions", form).want(t, 403, "You do not have every permission")
	form.Del("mail:read")
	form.Set("user:read", "ids")
	form.Set("user:read.ids", "1")
	b.follow(rolePage(desk.ID)+"/permissions", form).want(t, 200, "The permissions were saved.")
	if got := s.holds(desk.ID); got != "user:read:1" {
		t.Errorf("the role has %s", got)
	}

	page = b.get(rolePage(mighty.ID))
	page.want(t, 200, "permits more than you may do yourself")
	if strings.Contains(page.body, "<select") || strings.Contains(page.body, "Save") {
		t.Error("a role that he does not cover can be changed")
	}
	b.post(rolePage(mighty.ID)+"/permissions", url.Values{}).want(t, 403)
	b.post(rolePage(mighty.ID), url.Values{"name": {"Mine"}}).want(t, 403)
	if got := s.holds(mighty.ID); got != "mail:read" {
		t.Errorf("the role has %s", got)
	}
}

func TestRoleIsDeleted(t *testing.T) {
	s := newSite(t)
	desk, other := s.newRole("Desk"), s.newRole("Other")
	ada := s.user("ada@example.org", desk.ID)
	b := s.as(adminEmail)
	path := rolePage(desk.ID) + "/delete"
	b.get(path).want(t, 200, "Delete “Desk”", "ada@example.org", ">Other<", "Type the name of the role")
	b.post(path, url.Values{"name": {"desk"}}).want(t, 422, "This is not the name of the role.")
	b.post(path, url.Values{"name": {"Desk"}}).want(t, 409, "Choose the one that takes its place", `id="replaceWith-fault"`)
	b.post(path, url.Values{"name": {"Desk"}, "replaceWith": {"77"}}).want(t, 422, "There is no other role 77")
	b.post(path, url.Values{"name": {"Desk"}, "replaceWith": {"x"}}).want(t, 400)
	with := strconv.FormatInt(other.ID, 10)
	b.follow(path, url.Values{"name": {"Desk"}, "replaceWith": {with}}).want(t, 200, "The role “Desk” was deleted.")
	if got := must(s.User(t.Context(), s.principal(adminEmail), ada.ID)).RoleIDs; !slices.Equal(got, []int64{other.ID}) {
		t.Errorf("who had it has %v", got)
	}
	b.get(path).want(t, 404)
	unused := s.newRole("Unused")
	padded := s.newRole(" Padded ")
	b.follow(rolePage(padded.ID)+"/delete", url.Values{"name": {" Padded "}}).want(t, 200, "was deleted")
	b.get(rolePage(unused.ID)+"/delete").want(t, 200, "None of the users that you see has this role.")
	b.follow(rolePage(unused.ID)+"/delete", url.Values{"name": {"Unused"}}).want(t, 200, "was deleted")
}

// Built-in roles are shown, and neither changed nor deleted.
func TestBuiltInRolesStay(t *testing.T) {
	s := newSite(t)
	b := s.as(adminEmail)
	a := b.get("/roles/1")
	a.want(t, 200, "This role is built in", "Copy this role", "<strong>All</strong>")
	if strings.Contains(a.body, "<select") || strings.Contains(a.body, "Delete…") {
		t.Errorf("it can be changed:\n%s", a.body)
	}
	b.post("/roles/1", url.Values{"name": {"Root"}}).want(t, 409, "built in")
	b.post("/roles/2/permissions", url.Values{"user:read": {"all"}}).want(t, 409, "built in")
	b.get("/roles/2/delete").want(t, 404)
	b.post("/roles/2/delete", url.Values{"name": {"User"}}).want(t, 404)
	b.get("/roles/77").want(t, 404)
	b.get("/roles/x").want(t, 404)
}

func TestRolesNeedPermissions(t *testing.T) {
	s := newSite(t)
	reader := s.newRole("Reader", access.PermissionRequest{Entity: access.EntityRole, Action: access.ActionRead, IDs: &[]int64{2}})
	s.user("nobody@example.org")
	s.user("reader@example.org", reader.ID)
	b := s.as("nobody@example.org")
	for _, path := range []string{"/roles", "/roles/new", "/roles/2", "/roles/2/copy", "/roles/2/delete"} {
		b.get(path).want(t, 403, "You may not do this")
	}
	b.get("/profile/sessions")
	for _, path := range []string{"/roles/new", "/roles/2", "/roles/2/copy", "/roles/2/permissions", "/roles/2/delete"} {
		b.post(path, nil).want(t, 403)
	}
	b = s.as("reader@example.org")
	a := b.get("/roles")
	a.want(t, 200, ">User<")
	if strings.Contains(a.body, "Administrator") || strings.Contains(a.body, "New role") || strings.Contains(a.body, "/users?") {
		t.Errorf("he sees more than he may:\n%s", a.body)
	}
	b.get("/roles/1").want(t, 404)
}

// draftCreateUsers permits to create users.
var draftCreateUsers = access.PermissionRequest{Entity: access.EntityUser, Action: access.ActionCreate}
