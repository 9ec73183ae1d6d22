// Package access is the authorization model: permissions, roles, and the two decisions on them.
//
//   - [Set.Decide] decides whether a user may do an action with a target. Without a permission
//     the decision is no.
//   - [Covers] decides whether one set of permissions includes another. A user may change a
//     role, or the access of another user, only if their own set covers the permissions of
//     that role or user. This prevents privilege escalation.
//
// A permission names an entity, an action and a scope. The scope is a wildcard (every target of
// that entity), a list of ids, or the user who has the permission.
package access

import "slices"

// Set is the access of one principal: the permissions of all its roles together.
type Set struct {
	Administrator bool // has role 1, which permits everything
	Permissions   []Permission
}

// Union returns the permissions that the roles grant together, as one set.
func Union(roles []Role) Set {
	var a Set
	for _, r := range roles {
		a.Administrator = a.Administrator || r.ID == AdministratorRole
		a.Permissions = append(a.Permissions, r.Permissions...)
	}
	return a
}

// grants reports whether the set has a permission for the entity and the action that satisfies
// condition. The set of an administrator grants everything.
func (a Set) grants(e Entity, act Action, condition func(Permission) bool) bool {
	return a.Administrator || slices.ContainsFunc(a.Permissions, func(p Permission) bool {
		return p.Entity == e && p.Action == act && condition(p)
	})
}

// hasScopeAll is a condition for [Set.grants]: the permission is the wildcard.
func hasScopeAll(p Permission) bool { return p.Scope == ScopeAll }

// hasAnyScope is a condition for [Set.grants] that every permission satisfies.
func hasAnyScope(Permission) bool { return true }

// appliesTo reports whether the permission's scope includes the target id, when the user who has
// the permission has the id self. id is the target's own id, or its owner's id for the entities
// of [OwnedByUser].
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

// Values for the id of [Set.Decide] that don't name a single target.
const (
	// Any asks for permission on at least one target. Lists use it, and then return only the
	// targets that the caller may read.
	Any int64 = -1
	// All asks for permission on every target of the entity. It is used to create a target, and
	// for entities that exist once, such as the settings.
	All int64 = 0
)

// Verdict is the result of [Set.Decide].
type Verdict int

// The verdicts.
const (
	Denied  Verdict = iota // the caller has no permission for the action, or may only read the target
	Hidden                 // the caller has the permission for other targets, and may not even read this one
	Granted                // the caller has the permission for this target
)

// Decide decides whether the user who has this set of permissions may do the action with the
// target. self is the id of that user. An action that the [Registry] does not list is denied
// even to administrators.
//
// id is the target's own id, its owner's id for the entities of [OwnedByUser], [Any] or [All].
//
// If the user has the permission for other targets only, the verdict is Denied when they may
// read this target. Otherwise it is Hidden, so that the response does not show whether the
// target exists.
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

// Covers reports whether set a includes every permission of set b. A caller may change a role,
// or the access of a user, only if the caller's set covers the permissions of that role or user.
// Otherwise callers could give themselves permissions that they lack.
//
// The wildcard covers every scope of the same entity and action. [ScopeSelf] covers [ScopeSelf],
// although each of two users may do the action only with their own targets. Users with equal
// roles can therefore change each other. Only an administrator covers an administrator.
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

// coversPermission reports whether the set includes the permission. The ids of one permission
// may be spread over several permissions of the set.
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
