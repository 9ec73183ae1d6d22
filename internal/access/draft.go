package access

import (
	"fmt"
	"regexp"
	"slices"
)

// Draft is a permission as somebody asks for it, in the words of the contract.
type PermissionRequest struct {
	Entity    Entity
	Action    Action
	IDs       *[]int64 // nil: every one
	DynamicID string   // [SelfUserID] or ""
}

// SelfUserID is how the contract writes [ScopeSelf].
const SelfUserID = "self-user-id"

// MaxListedIDs is how many ids the permissions of a role or a key may list, all
// together: they are read at every request of who holds them.
const MaxListedIDs = 10_000

// Fault is what is wrong with a draft. Path is a JSON pointer into the list of
// drafts, as "/2/entityIds".
type Fault struct{ Path, Message string }

// selfActions are what a permission for oneself can be for.
var selfActions = map[Entity][]Action{
	EntityUser:        {ActionRead, ActionEdit},
	EntityAPIKey:      {ActionRead, ActionCreate, ActionDelete},
	EntitySession:     {ActionRead, ActionDelete},
	EntityActivityLog: {ActionRead},
}

var name = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// Parse returns the permission of each draft, in their order, or every fault.
// A permission of a name that the registry does not know is kept as it is: it
// grants nothing, and has any scope.
func Parse(drafts []PermissionRequest) ([]Permission, []Fault) {
	var faults []Fault
	permissions := make([]Permission, len(drafts))
	listed := 0
	for i, d := range drafts {
		fail := func(field, message string) {
			faults = append(faults, Fault{fmt.Sprintf("/%d/%s", i, field), message})
		}
		if !name.MatchString(string(d.Entity)) {
			fail("entityName", "must be a letter and at most 63 letters, digits, - or _")
		}
		if !name.MatchString(string(d.Action)) {
			fail("action", "must be a letter and at most 63 letters, digits, - or _")
		}
		permissions[i] = d.permission(fail)
		listed += len(permissions[i].IDs)
	}
	if listed > MaxListedIDs {
		faults = append(faults, Fault{"", fmt.Sprintf("must list at most %d ids in all", MaxListedIDs)})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return permissions, nil
}

// permission finds the scope of a draft, and reports what is wrong with it.
func (d PermissionRequest) permission(fail func(field, message string)) Permission {
	p := Permission{Entity: d.Entity, Action: d.Action, Scope: ScopeAll}
	switch {
	case d.DynamicID != "" && d.DynamicID != SelfUserID:
		fail("dynamicId", `must be null or "`+SelfUserID+`"`)
	case d.DynamicID != "" && d.IDs != nil && len(*d.IDs) > 0:
		fail("entityIds", "must be null or empty beside a dynamicId")
	case d.DynamicID != "":
		p.Scope = ScopeSelf
	case d.IDs != nil && len(*d.IDs) == 0:
		fail("entityIds", "must be null, for all, or list at least one id")
	case d.IDs != nil:
		p.Scope, p.IDs = ScopeIDs, distinct(*d.IDs)
		if p.IDs[0] < 1 {
			fail("entityIds", "must list positive ids")
		}
	}
	switch {
	case !p.Known() || slices.Contains(Scopes(p.Entity, p.Action), p.Scope):
	case p.Scope == ScopeSelf:
		fail("dynamicId", "this action cannot be limited to one's own")
	case p.Scope == ScopeIDs:
		fail("entityIds", "must be null: this action cannot be limited to some ids")
	}
	return p
}

// Known reports whether the registry has the permission's entity and action. One
// that it does not have grants nothing.
func (p Permission) Known() bool { return known(p.Entity, p.Action) }

// Scopes returns the scopes that a permission for an action of the registry can have.
// It cannot be for some ids where there are none: what is created has none yet, and
// there is only one of the settings.
func Scopes(e Entity, act Action) []Scope {
	scopes := []Scope{ScopeAll}
	if slices.Contains(selfActions[e], act) {
		scopes = append(scopes, ScopeSelf)
	}
	if act != ActionCreate && (e == EntityRole || slices.Contains(OwnedByUser, e)) {
		scopes = append(scopes, ScopeIDs)
	}
	return scopes
}

// WithoutRead returns the indices of those permissions that need another one, to
// read the same things: who edits, deletes or assigns must see what.
func WithoutRead(permissions []Permission) []int {
	var indices []int
	all := Set{Permissions: permissions}
	for i, p := range permissions {
		switch p.Action {
		case ActionEdit, ActionEditAccess, ActionDelete, ActionAssign:
			if p.Known() && !covered(all, Permission{p.Entity, ActionRead, p.Scope, p.IDs}) {
				indices = append(indices, i)
			}
		}
	}
	return indices
}

// Fold returns the permissions, each entity, action and scope once, in the order
// of the first of each. Ids of several lists come together.
func Fold(permissions []Permission) []Permission {
	type key struct {
		Entity
		Action
		Scope
	}
	var folded []Permission
	at := make(map[key]int, len(permissions))
	for _, p := range permissions {
		k := key{p.Entity, p.Action, p.Scope}
		i, ok := at[k]
		if !ok {
			at[k] = len(folded)
			folded = append(folded, p)
			continue
		}
		if p.Scope == ScopeIDs {
			folded[i].IDs = distinct(slices.Concat(folded[i].IDs, p.IDs))
		}
	}
	return folded
}

// distinct returns the ids sorted, each once.
func distinct(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
