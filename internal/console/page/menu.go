package page

import (
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
)

// Menu is the navigation menu.
type Menu []MenuGroup

// MenuGroup is a group of entries in the menu.
type MenuGroup struct {
	Name    locale.Phrase
	Entries []MenuEntry
}

// MenuEntry is a page in the menu.
type MenuEntry struct {
	Path  string
	Label locale.Phrase
	Needs Permission // the permission to see the entry
	All   bool       // the permission is needed for all entities, not for some
}

// MenuLinks is a group of the menu as a user sees it.
type MenuLinks struct {
	Name  string
	Links []MenuLink
}

// MenuLink is an entry of the menu as a user sees it.
type MenuLink struct {
	Path, Label string
	Current     bool
}

// Sees reports whether the caller sees an entry of the menu. A permission for nothing but
// their own user doesn't count.
func (q *Request) Sees(e MenuEntry) bool {
	if (e.Needs == Permission{}) {
		return true
	}
	all, ids := q.Caller.Access.VisibleIDs(e.Needs.Action, e.Needs.Entity, q.Caller.User.ID)
	return all || !e.All && slices.ContainsFunc(ids, func(id int64) bool { return id != q.Caller.User.ID })
}

// MenuLink returns the link of an entry, which is current for the page of a path.
func (q *Request) MenuLink(e MenuEntry, current string) MenuLink {
	return MenuLink{Path: e.Path, Label: q.Tr(e.Label), Current: e.Path == current}
}

// visible returns the groups and entries that the caller sees.
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

// entryOf returns the path of the menu entry that a page belongs to: the longest one that is
// a prefix. The entry of /users/7 is /users, and that of /profile/keys is itself, not
// /profile.
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

// RedirectHome sends the browser to the first page of the menu that the caller sees.
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
