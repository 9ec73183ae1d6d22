package account

import "slices"

// Targets of [Allow] that are not one thing.
const (
	// Any asks whether the caller may do this with at least one: a list shows
	// only what its reader may see.
	Any int64 = -1
	// All asks for every thing of the kind: creating, and things that there is
	// only one of.
	All int64 = 0
)

// Allow is the one decision on permissions: whether the caller may do an action
// with a thing of a kind. The default is no.
//
// id is the thing's own id, or its owner's where [OwnedByUser] says so, or [Any]
// or [All]. The failure is CodePasswordChangeRequired for a caller who must
// change his password first; CodeForbidden for one without any permission for
// this entity and action, whatever the id, or for a thing that he may read and
// not change; and CodeNotFound for a thing that he may not see, the same as for
// one that is not there. A caller allowed here still has to find it.
func Allow(caller *Principal, action Action, entity Entity, id int64) error {
	if caller.User.NeedPasswordReset {
		return &Error{Code: CodePasswordChangeRequired, Message: "Change your password before you do anything else."}
	}
	a := caller.Access
	if !known(entity, action) || !a.grants(entity, action, anyScope) {
		return forbidden()
	}
	switch {
	case id == Any:
		return nil
	case id == All:
		if !a.grants(entity, action, onlyAll) {
			return forbidden()
		}
		return nil
	case a.grants(entity, action, reaches(id, caller.User.ID)):
		return nil
	case action != ActionRead && a.grants(entity, ActionRead, reaches(id, caller.User.ID)):
		return forbidden()
	}
	return notFound()
}

// Covers reports whether a includes everything that b gives. Nobody may change
// the access of somebody, or a role, that he does not cover: it would let him
// climb.
//
// A permission for oneself is covered by the same permission for oneself, so
// that people with equal roles cover each other.
func Covers(a, b Access) bool {
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

func covered(a Access, p Permission) bool {
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

// mustCover is [Covers] as a failure.
func mustCover(caller *Principal, b Access) error {
	if !Covers(caller.Access, b) {
		return &Error{Code: CodeForbidden, Message: "You do not have every permission that this gives or takes."}
	}
	return nil
}
