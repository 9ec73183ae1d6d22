package access

import "slices"

// Intersect returns what both sets give to the user self: what a key may do that
// was narrowed. The owner covers it, so it never lets anybody climb.
//
// It has no more of role 1 than both have: a key that lists permissions is never
// an administrator, whoever owns it.
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

// meet returns what two permissions for the same action give together. Where one
// is for oneself and the other lists ids, with one's own among them, it keeps the
// form of own: in another form the owner would not cover it.
func intersectPermission(own, key Permission, self int64) (Permission, bool) {
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
