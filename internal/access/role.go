package access

import "slices"

// The built-in roles. They can be neither changed nor deleted.
const (
	AdministratorRole int64 = 1 // a flag: holds everything, now and in later releases
	UserRole          int64 = 2 // what is one's own
)

// DefaultRoles are the roles that a new user gets.
var DefaultRoles = []int64{UserRole}

// Role is a named set of permissions.
type Role struct {
	ID          int64
	Name        string
	Description string
	Permissions []Permission
}

// BuiltIn reports whether the role is of every database, and cannot be changed.
func (r Role) BuiltIn() bool { return r.ID == AdministratorRole || r.ID == UserRole }

// BuiltIn returns the roles of a new database.
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

// Expand returns the permissions of a role as they are shown: those of role 1,
// which has none stored, are everything that the registry knows.
func (r Role) Expand() []Permission {
	if r.ID != AdministratorRole {
		return r.Permissions
	}
	var all []Permission
	for _, known := range Registry {
		for _, a := range known.Actions {
			all = append(all, Permission{Entity: known.Entity, Action: a, Scope: ScopeAll})
		}
	}
	return all
}
