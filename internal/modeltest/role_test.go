package modeltest_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// The built-in roles.
const (
	administrator int64 = 1
	ordinary      int64 = 2
)

// role is a named set of permissions.
type role struct {
	id                int64
	name, description string
	permissions       []permission
}

func words(text string) []string { return strings.Fields(text) }

func builtIn() map[int64]*role {
	own := func(entity string, actions string) (ps []permission) {
		for _, a := range words(actions) {
			ps = append(ps, permission{entity: entity, action: a, self: true})
		}
		return ps
	}
	return map[int64]*role{
		administrator: {id: administrator, name: "Global Administrator", description: "Holds every permission."},
		ordinary: {
			id: ordinary, name: "User", description: "Sees and manages what is the user's own.",
			permissions: slices.Concat(own("user", "read edit"), own("api-key", "read create delete"), own("session", "read delete"), own("activity-log", "read")),
		},
	}
}

func (r *role) shown() []permission {
	if r.id == administrator {
		return everything()
	}
	return r.permissions
}

func (r *role) view() object {
	return object{"id": r.id, "name": r.name, "description": r.description, "permissions": views(r.shown())}
}

// viewer is what has a form on the wire.
type viewer interface{ view() object }

func views[T viewer](things []T) []object {
	list := []object{}
	for _, thing := range things {
		list = append(list, thing.view())
	}
	return list
}

// holds returns what the roles give together.
func (m *model) holds(roles []int64) set {
	var s set
	for _, id := range roles {
		s.administrator = s.administrator || id == administrator
		if r := m.roles[id]; r != nil {
			s.permissions = append(s.permissions, r.permissions...)
		}
	}
	return s
}

// drawRole draws the id of a role, which is mostly there.
func (m *machine) drawRole(t *rapid.T) int64 {
	if rarely(t, "any role", 10) {
		return rapid.Int64Range(1, 30).Draw(t, "role")
	}
	return rapid.SampledFrom(newest(m.model.roles)).Draw(t, "role")
}
