// Package access is the authorization model: permissions, roles, and the two
// decisions on them.
//
//   - [Set.Decide] answers: may this user do this action with this target? It denies by
//     default; only a permission allows.
//   - [Covers] answers: does one set of permissions include another? A user may change
//     the access of another user, or a role, only if their own set covers it. This
//     prevents privilege escalation.
//
// A permission names an entity, an action and a scope. The scope is a wildcard (every
// entity of that kind), a list of ids, or the user who holds the permission.
//
// Import rule: the package imports only the standard library.
package access

import "slices"

// Set is the access of one principal: the union of the permissions of its roles.
type Set struct {
	Administrator bool // has role 1, which grants every permission
	Permissions   []Permission
}

// Union returns the permissions that the roles grant together.
func Union(roles []Role) Set {
	var a Set
	for _, r := range roles {
		a.Administrator = a.Administrator || r.ID == AdministratorRole
		a.Permissions = append(a.Permissions, r.Permissions...)
	}
	return a
}

// grants reports whether the set has a permission for the entity and the action that
// satisfies the condition. An administrator always has one.
func (a Set) grants(e Entity, act Action, condition func(Permission) bool) bool {
	return a.Administrator || slices.ContainsFunc(a.Permissions, func(p Permission) bool {
		return p.Entity == e && p.Action == act && condition(p)
	})
}

// hasScopeAll is the condition that a permission is the wildcard.
func hasScopeAll(p Permission) bool { return p.Scope == ScopeAll }

// hasAnyScope is the condition that every permission satisfies.
func hasAnyScope(Permission) bool { return true }

// appliesTo reports whether the permission's scope includes one target. The user self holds
// the permission. id is the target's own id, or its owner's for the entities of
// [OwnedByUser].
func (p Permission) appliesTo(id, self int64) bool {
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

// registered reports whether the [Registry] lists the action for the entity.
func registered(e Entity, act Action) bool {
	for _, entry := range Registry {
		if entry.Entity == e {
			return slices.Contains(entry.Actions, act)
		}
	}
	return false
}

// Targets of [Set.Decide] that are not a single id.
const (
	// Any asks for permission on at least one target. It is used for lists, which then
	// return only the entries that the caller may read.
	Any int64 = -1
	// All asks for permission on every target of the kind. It is used to create an
	// entity, and for entities that exist once, such as the settings.
	All int64 = 0
)

// Verdict is the result of [Set.Decide].
type Verdict int

// The verdicts.
const (
	Denied  Verdict = iota // the caller has no such permission, or may only read the target
	Hidden                 // the caller has such a permission, but may not even read this target
	Granted                // the caller may do the action
)

// Decide reports whether the user self, who holds the set, may do the action with the
// target. It denies by default: an action that the [Registry] does not list is denied
// to administrators, too.
//
// id is the target's own id, its owner's id for the entities of [OwnedByUser], or
// [Any] or [All].
//
// Where the caller has the permission for other targets only, the verdict is Denied if
// they may read this one. Otherwise it is Hidden, so that the answer does not reveal
// whether the target exists.
func (a Set) Decide(act Action, e Entity, id, self int64) Verdict {
	appliesToTarget := func(p Permission) bool { return p.appliesTo(id, self) }
	switch {
	case !registered(e, act) || !a.grants(e, act, hasAnyScope):
		return Denied
	case id == Any:
		return Granted
	case id == All:
		if a.grants(e, act, hasScopeAll) {
			return Granted
		}
		return Denied
	case a.grants(e, act, appliesToTarget):
		return Granted
	case act != ActionRead && a.grants(e, ActionRead, appliesToTarget):
		return Denied
	}
	return Hidden
}

// Covers reports whether set a includes every permission of set b. A caller may change
// the access of a user, or a role, only if the caller's set covers it. Otherwise the
// caller could give themselves permissions that they lack (privilege escalation).
//
// The wildcard covers every scope of the same entity and action. [ScopeSelf] covers
// [ScopeSelf], although it means another user's id: users with equal roles cover each
// other. Only an administrator covers an administrator.
func Covers(a, b Set) bool {
	if a.Administrator {
		return true
	}
	if b.Administrator {
		return false
	}
	for _, p := range b.Permissions {
		if !coversPermission(a, p) {
			return false
		}
	}
	return true
}

// coversPermission reports whether the set includes the permission. Several permissions
// of the set may cover the ids of one permission together.
func coversPermission(a Set, p Permission) bool {
	if a.grants(p.Entity, p.Action, hasScopeAll) {
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
