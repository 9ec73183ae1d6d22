package access

import "slices"

// Intersect returns the permissions that both sets grant to the user with the id self. An API
// key that has its own list of permissions gets the intersection of that list with its owner's
// set. The owner always covers the result, so a key can't be used for privilege escalation.
//
// The result is an administrator's set only if both sets are. The list of a key is never an
// administrator's set, even if the owner is an administrator.
func Intersect(owner, key Set, self int64) Set {
	switch {
	case owner.Administrator:
		return key
	case key.Administrator:
		return owner
	}
	var both Set
	for _, own := range owner.Permissions {
		for _, k := range key.Permissions {
			if own.Entity != k.Entity || own.Action != k.Action {
				continue
			}
			if p, ok := intersectPermission(own, k, self); ok {
				both.Permissions = append(both.Permissions, p)
			}
		}
	}
	return both
}

// intersectPermission returns the permission that two permissions for the same entity and action
// have in common. ok is false if they have nothing in common.
//
// If one permission has [ScopeSelf] and the other lists the id self, the result has the scope of
// own, the owner's permission. The owner would not cover a result with the scope of key.
func intersectPermission(own, key Permission, self int64) (p Permission, ok bool) {
	both := own
	switch {
	case own.Scope == ScopeAll:
		return key, true
	case key.Scope == ScopeAll:
		return own, true
	case own.Scope == ScopeIDs && key.Scope == ScopeIDs:
		both.IDs = nil
		for _, id := range own.IDs {
			if slices.Contains(key.IDs, id) {
				both.IDs = append(both.IDs, id)
			}
		}
		return both, len(both.IDs) > 0
	case !slices.Contains(OwnedByUser, own.Entity):
		return Permission{}, false
	case own.Scope == ScopeSelf && key.Scope == ScopeSelf:
		return own, true
	case own.Scope == ScopeSelf && key.Scope == ScopeIDs:
		return own, slices.Contains(key.IDs, self)
	case own.Scope == ScopeIDs && key.Scope == ScopeSelf:
		both.IDs = []int64{self}
		return both, slices.Contains(own.IDs, self)
	}
	return Permission{}, false
}
