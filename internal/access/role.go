package access

import "slices"

// The ids of the built-in roles. These roles can be neither changed nor deleted.
const (
	AdministratorRole int64 = 1 // grants every permission, including permissions that later releases add
	UserRole          int64 = 2 // access to the user's own data
)

// DefaultRoles are the roles of new users, unless the settings name others.
var DefaultRoles = []int64{UserRole}

// Role is a named set of permissions.
type Role struct {
	ID          int64
	Name        string
	Description string
	Permissions []Permission
}

// BuiltIn reports whether the role is a built-in one, which every database has and nobody can
// change.
func (r Role) BuiltIn() bool { return r.ID == AdministratorRole || r.ID == UserRole }

// BuiltIn returns the built-in roles in the form that a new database stores.
func BuiltIn() []Role {
	own := func(e Entity, actions ...Action) (ps []Permission) {
		for _, a := range actions {
			ps = append(ps, Permission{Entity: e, Action: a, Scope: ScopeSelf})
		}
		return ps
	}
	return []Role{
		{
			ID: AdministratorRole, Name: "Global Administrator",
			Description: "Holds every permission.",
		},
		{
			ID: UserRole, Name: "User",
			Description: "Sees and manages what is the user's own.",
			Permissions: slices.Concat(
				own(EntityUser, ActionRead, ActionEdit),
				own(EntityAPIKey, ActionRead, ActionCreate, ActionDelete),
				own(EntitySession, ActionRead, ActionDelete),
				own(EntityActivityLog, ActionRead),
			),
		},
	}
}

// notAutomatic are the actions that a role which users get automatically must not grant. With
// them, anybody who may create users could create accounts with these rights and sign in as
// them.
var notAutomatic = []Action{ActionCreate, ActionEditAccess, ActionDelete, ActionAssign}

// MayBeAutomatic reports whether users may get the role without a grant by a caller who covers
// it, as a default role of new users or by an allowed group of a directory. Role 1 must not be
// given so, nor a role with a permission for which [Permission.MayBeAutomatic] is false.
func (r Role) MayBeAutomatic() bool {
	return r.ID != AdministratorRole && !slices.ContainsFunc(r.Permissions, func(p Permission) bool {
		return !p.MayBeAutomatic()
	})
}

// MayBeAutomatic reports whether a role that users get automatically may have the permission. It
// must not allow to create, delete or assign anything or to edit access, except on the user's
// own data. Permissions that this release does not know are judged by their action, since a
// later release may know them.
func (p Permission) MayBeAutomatic() bool {
	return p.Scope == ScopeSelf || !slices.Contains(notAutomatic, p.Action)
}

// Expand returns the permissions of the role for display. For the administrator role, which has
// no stored permissions, it returns every permission of the [Registry].
func (r Role) Expand() []Permission {
	if r.ID != AdministratorRole {
		return r.Permissions
	}
	var all []Permission
	for _, entry := range Registry {
		for _, a := range entry.Actions {
			all = append(all, Permission{Entity: entry.Entity, Action: a, Scope: ScopeAll})
		}
	}
	return all
}
