package console

import (
	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// menu is the navigation menu. The first entry that a user may see is that user's home page.
var menu = page.Menu{
	{Name: "Administration", Entries: []page.MenuEntry{
		{Path: "/overview", Label: "Overview", Needs: read(access.EntityUser), All: true},
		{Path: "/users", Label: "Users", Needs: read(access.EntityUser)},
		{Path: "/roles", Label: "Roles", Needs: read(access.EntityRole)},
		{Path: "/activity", Label: "Activity", Needs: read(access.EntityActivityLog)},
		{Path: "/mail", Label: "Mail", Needs: read(access.EntityMail)},
		{Path: "/settings", Label: "Settings", Needs: read(access.EntityApplicationSettings)},
	}},
	{Name: "Your account", Entries: []page.MenuEntry{
		{Path: "/profile", Label: "Profile"},
		{Path: "/profile/password", Label: "Password"},
		{Path: "/profile/sessions", Label: "Sessions"},
		{Path: "/profile/keys", Label: "API keys"},
		{Path: "/profile/activity", Label: "My activity"},
	}},
}

func read(entity access.Entity) page.Permission {
	return page.Permission{Action: access.ActionRead, Entity: entity}
}
