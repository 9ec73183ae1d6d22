package access

import "slices"

// VisibleIDs returns the targets on which the user who has this set of permissions may do the
// action. self is the id of that user. Lists use the result as a filter. all means every target;
// otherwise ids lists the targets, sorted and unique.
func (a Set) VisibleIDs(act Action, e Entity, self int64) (all bool, ids []int64) {
	if !registered(e, act) {
		return false, nil
	}
	if a.grants(e, act, hasScopeAll) {
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
