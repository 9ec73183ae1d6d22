package settings_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// groups stores an LDAP configuration with these groups. Their members get the role with id 2
// (User).
func groups(s *consoletest.Site, names ...string) {
	s.T.Helper()
	groups := make([]account.AllowedGroup, len(names))
	for i, name := range names {
		groups[i] = account.AllowedGroup{Name: name, DefaultRoleIDs: []int64{2}, DefaultProfileID: 1}
	}
	consoletest.Must(s.UpdateLDAPConfiguration(s.T.Context(), s.Principal(consoletest.AdminEmail),
		settings.LDAPUpdate{AllowedGroups: &groups}))
}

// roleCounter counts how often the list of roles is read from the database.
type roleCounter struct {
	account.RoleReader
	lists int
}

func (c *roleCounter) RolesAfter(ctx context.Context, id int64, limit int) ([]access.Role, error) {
	c.lists++
	return c.RoleReader.RolesAfter(ctx, id, limit)
}

// TestGroupsAreLimited checks that a page shows at most 100 groups and reads the list of roles
// once, even if more groups are stored or sent. Saving keeps the groups that are not shown.
func TestGroupsAreLimited(t *testing.T) {
	counter := &roleCounter{}
	s := consoletest.New(t, func(o *service.Options) {
		store := *o.Store
		counter.RoleReader, store.RoleReader = store.RoleReader, counter
		o.Store = &store
	})
	b := s.SignedInAs(consoletest.AdminEmail)
	show := func(a consoletest.Answer, fields int) {
		t.Helper()
		if got := len(groupField.FindAllString(a.Body, -1)); got != fields || counter.lists > 1 {
			t.Errorf("%d groups, want %d; the roles were read %d times", got, fields, counter.lists)
		}
		counter.lists = 0
	}
	many := with(directoryForm, url.Values{"url": {"https://x"}})
	for i := range 500 {
		many.Set(fmt.Sprintf("group-%d", i), fmt.Sprint("Group ", i))
	}
	many.Set("seen", seen(b, "/settings/directory"))
	counter.lists = 0
	refused := b.Post("/settings/directory", many)
	refused.Want(t, 422, `id="url-fault"`)
	show(refused, 1)

	var names []string
	for i := range 150 {
		names = append(names, fmt.Sprint("Group ", i))
	}
	groups(s, names...)
	counter.lists = 0
	view := b.Get("/settings/directory")
	view.Want(t, 200, "At most 100 groups are shown.", `value="Group 99"`)
	show(view, 100)
	sent := url.Values{}
	for i, name := range names[:100] {
		sent.Set(fmt.Sprintf("group-%d", i), name)
		sent.Set(fmt.Sprintf("group-%d-roles", i), "2")
	}
	sent.Set("group-7", "")
	sent.Set("group-100", "One more") // the form has no field with this name
	saved(b, "/settings/directory", sent)
	got := consoletest.Must(s.LDAPConfiguration(t.Context(), s.Principal(consoletest.AdminEmail))).AllowedGroups
	if len(got) != 149 || got[7].Name != "Group 8" || got[148].Name != "Group 149" {
		t.Errorf("%d groups are stored: %+v", len(got), got)
	}
}
