package page

import (
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Menu is the navigation menu.
type Menu []MenuGroup

// MenuGroup is a group of menu entries with a common heading.
type MenuGroup struct {
	Name    locale.Phrase
	Entries []MenuEntry
}

// MenuEntry is a link in the menu to a page.
type MenuEntry struct {
	Path  string
	Label locale.Phrase
	Needs Permission // permission that a user needs to see the entry
	All   bool       // the user needs the permission for all objects, not only for some
}

// MenuLinks is a [MenuGroup] with only those entries that a user may see.
type MenuLinks struct {
	Name  string
	Links []MenuLink
}

// MenuLink is a [MenuEntry] with its label translated for a user.
type MenuLink struct {
	Path, Label string
	Current     bool
}

// Sees reports whether the caller sees an entry of the menu. A permission that covers only the
// caller's own user is not enough.
func (q *Request) Sees(e MenuEntry) bool {
	if (e.Needs == Permission{}) {
		return true
	}
	all, ids := q.Caller.Access.VisibleIDs(e.Needs.Action, e.Needs.Entity, q.Caller.User.ID)
	return all || !e.All && slices.ContainsFunc(ids, func(id int64) bool { return id != q.Caller.User.ID })
}

// MenuLink returns the link of an entry. It is marked as current if the entry's path is current.
func (q *Request) MenuLink(e MenuEntry, current string) MenuLink {
	return MenuLink{Path: e.Path, Label: q.Tr(e.Label), Current: e.Path == current}
}

// visible returns the parts of the menu that the caller may see.
func (m Menu) visible(q *Request) (visible []MenuLinks) {
	if q.Caller.User.NeedPasswordReset {
		return nil
	}
	current := m.entryOf(q.URL.Path)
	for _, group := range m {
		g := MenuLinks{Name: q.Tr(group.Name)}
		for _, e := range group.Entries {
			if q.Sees(e) {
				g.Links = append(g.Links, q.MenuLink(e, current))
			}
		}
		if g.Links != nil {
			visible = append(visible, g)
		}
	}
	return visible
}

// entryOf returns the path of the menu entry that a page belongs to. That is the longest entry path
// that is a prefix of the page's path: /users for the page /users/7, and /profile/keys, not
// /profile, for /profile/keys.
func (m Menu) entryOf(path string) (entry string) {
	for _, group := range m {
		for _, e := range group.Entries {
			within := path == e.Path || strings.HasPrefix(path, e.Path+"/")
			if within && len(e.Path) > len(entry) {
				entry = e.Path
			}
		}
	}
	return entry
}

// RedirectHome redirects the browser to the first menu entry that the caller sees.
func (q *Request) RedirectHome() error {
	for _, group := range q.site.options.Menu {
		for _, entry := range group.Entries {
			if q.Sees(entry) {
				return q.Redirect(entry.Path)
			}
		}
	}
	return account.NotFound()
}
