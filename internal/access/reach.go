package access

import "slices"

// Reach says which things of a kind the holder of the set, whose user id is self,
// may do an action with: all, or those of the ids, sorted. Lists are cut to it.
func (a Set) VisibleIDs(act Action, e Entity, self int64) (all bool, ids []int64) {
	if !known(e, act) {
		return false, nil
	}
	if a.grants(e, act, onlyAll) {
		return true, nil
	}
	for _, p := range a.Permissions {
		switch {
		case p.Entity != e || p.Action != act:
		case p.Scope == ScopeIDs:
			ids = append(ids, p.IDs...)
		case p.Scope == ScopeSelf && slices.Contains(OwnedByUser, e):
			ids = append(ids, self)
		}
	}
	slices.Sort(ids)
	return false, slices.Compact(ids)
}
