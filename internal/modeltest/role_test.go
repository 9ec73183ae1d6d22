package modeltest_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Ids of the built-in roles.
const (
	administratorRole int64 = 1
	userRole          int64 = 2
)

// role is a named set of permissions.
type role struct {
	id                int64
	name, description string
	permissions       []permission
}

// words splits text at spaces. So a list of words can be written as one string.
func words(text string) []string { return strings.Fields(text) }

func builtIn() map[int64]*role {
	own := func(entity string, actions string) (ps []permission) {
		for _, a := range words(actions) {
			ps = append(ps, permission{entity: entity, action: a, self: true})
		}
		return ps
	}
	return map[int64]*role{
		administratorRole: {id: administratorRole, name: "Global Administrator", description: "Holds every permission."},
		userRole: {
			id: userRole, name: "User", description: "Sees and manages what is the user's own.",
			permissions: slices.Concat(
				own("user", "read edit"), own("api-key", "read create delete"), own("session", "read delete"),
				own("activity-log", "read"),
			),
		},
	}
}

// effectivePermissions returns the permissions that the API shows for the role. The administrator role has all
// permissions.
func (r *role) effectivePermissions() []permission {
	if r.id == administratorRole {
		return allPermissions()
	}
	return r.permissions
}

func (r *role) view() object {
	return object{"id": r.id, "name": r.name, "description": r.description, "permissions": views(r.effectivePermissions())}
}

// viewer is a value of the model that the API shows, such as a role. view returns the JSON that the API has
// for the value.
type viewer interface{ view() object }

// views returns the JSON of each value, as it appears in a list of the API.
func views[T viewer](values []T) []object {
	list := []object{}
	for _, value := range values {
		list = append(list, value.view())
	}
	return list
}

// permissionsOf returns the union of the permissions of the roles.
func (m *model) permissionsOf(roles []int64) permissionSet {
	var s permissionSet
	for _, id := range roles {
		s.administrator = s.administrator || id == administratorRole
		if r := m.roles[id]; r != nil {
			s.permissions = append(s.permissions, r.permissions...)
		}
	}
	return s
}

// drawRole draws the id of a role. Most of the ids exist.
func (m *machine) drawRole(t *rapid.T) int64 {
	if rarely(t, "any role", 10) {
		return rapid.Int64Range(1, 30).Draw(t, "role")
	}
	return rapid.SampledFrom(newest(m.model.roles)).Draw(t, "role")
}
