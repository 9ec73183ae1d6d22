package access

import "slices"

// Intersect returns the permissions that both sets grant to the user self. This is the
// access of an API key with its own list of permissions, limited to those of its owner.
// The owner always covers the result, so such a key cannot be used for privilege
// escalation.
//
// The result is an administrator only if both sets are. A key that lists permissions
// is never an administrator, even if its owner is one.
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

// intersectPermission returns what two permissions for the same entity and action grant
// in common; ok is false if that is nothing. Where one permission is for self and the
// other lists the id of self, the result has the scope of own. With the other scope,
// the owner would not cover it.
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
