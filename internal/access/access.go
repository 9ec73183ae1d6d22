// Package access says who may do what: permissions, roles, and the two decisions
// on them, [Set.Decide] and [Covers].
//
// The package imports the standard library alone.
package access

import "slices"

// Set is all that somebody may do: the union of the permissions of his roles.
type Set struct {
	Administrator bool // holds role 1, which holds everything
	Permissions   []Permission
}

// Of returns what the roles give together.
func Of(roles []Role) Set {
	var a Set
	for _, r := range roles {
		a.Administrator = a.Administrator || r.ID == AdministratorRole
		a.Permissions = append(a.Permissions, r.Permissions...)
	}
	return a
}

// grants reports whether any permission is for the entity and action and passes
// the test.
func (a Set) grants(e Entity, act Action, test func(Permission) bool) bool {
	return a.Administrator || slices.ContainsFunc(a.Permissions, func(p Permission) bool {
		return p.Entity == e && p.Action == act && test(p)
	})
}

func anyScope(Permission) bool { return true }

func onlyAll(p Permission) bool { return p.Scope == ScopeAll }

// reaches returns the test for one thing: id is its own or its owner's, self
// the holder's user id.
func reaches(id, self int64) func(Permission) bool {
	return func(p Permission) bool {
		switch p.Scope {
		case ScopeAll:
			return true
		case ScopeIDs:
			return slices.Contains(p.IDs, id)
		case ScopeSelf:
			return id == self && slices.Contains(OwnedByUser, p.Entity)
		}
		return false
	}
}

// known reports whether the registry has the action of the entity.
func known(e Entity, act Action) bool {
	for _, k := range Registry {
		if k.Entity == e {
			return slices.Contains(k.Actions, act)
		}
	}
	return false
}

// Targets of [Set.Decide] that are not one thing.
const (
	// Any asks whether the caller may do this with at least one: a list shows
	// only what its reader may see.
	Any int64 = -1
	// All asks for every thing of the kind: creating, and things that there is
	// only one of.
	All int64 = 0
)

// Verdict is what a set says of an action with a thing.
type Verdict int

// The verdicts.
const (
	Denied Verdict = iota // there is no such permission, or the thing may be seen only
	Hidden                // there is one, but not for this thing, which may not be seen either
	Granted
)

// Decide says whether the holder of the set, whose user id is self, may do an
// action with a thing of a kind. The default is no. id is the thing's own id, or
// its owner's where [OwnedByUser] says so, or [Any] or [All].
func (a Set) Decide(act Action, e Entity, id, self int64) Verdict {
	switch {
	case !known(e, act) || !a.grants(e, act, anyScope):
		return Denied
	case id == Any:
		return Granted
	case id == All:
		if a.grants(e, act, onlyAll) {
			return Granted
		}
		return Denied
	case a.grants(e, act, reaches(id, self)):
		return Granted
	case act != ActionRead && a.grants(e, ActionRead, reaches(id, self)):
		return Denied
	}
	return Hidden
}

// Covers reports whether a includes everything that b gives. Nobody may change
// the access of somebody, or a role, that he does not cover: it would let him
// climb.
//
// A permission for oneself is covered by the same permission for oneself, so
// that people with equal roles cover each other.
func Covers(a, b Set) bool {
	if a.Administrator {
		return true
	}
	if b.Administrator {
		return false
	}
	for _, p := range b.Permissions {
		if !covered(a, p) {
			return false
		}
	}
	return true
}

func covered(a Set, p Permission) bool {
	if a.grants(p.Entity, p.Action, onlyAll) {
		return true
	}
	switch p.Scope {
	case ScopeSelf:
		return a.grants(p.Entity, p.Action, func(own Permission) bool { return own.Scope == ScopeSelf })
	case ScopeIDs:
		return !slices.ContainsFunc(p.IDs, func(id int64) bool {
			return !a.grants(p.Entity, p.Action, func(own Permission) bool {
				return own.Scope == ScopeIDs && slices.Contains(own.IDs, id)
			})
		})
	}
	return false
}
