package access

import (
	"fmt"
	"regexp"
	"slices"
)

// PermissionRequest is a permission in the form that callers of the API send, not validated yet.
type PermissionRequest struct {
	Entity    Entity
	Action    Action
	IDs       *[]int64 // nil: every target, unless DynamicID is set
	DynamicID string   // [SelfUserID] or ""
}

// SelfUserID is the value of DynamicID that stands for [ScopeSelf].
const SelfUserID = "self-user-id"

// MaxListedIDs limits the total number of ids in the permissions of one role or key. The server
// may read all these ids for each request by the key, or by a user who has the role.
const MaxListedIDs = 10_000

// Fault is a validation error of a [PermissionRequest].
type Fault struct {
	Path    string // JSON pointer (RFC 6901) into the list of requests, such as "/2/entityIds"; "" for the whole list
	Message string // what the value must be
}

// selfActions maps an entity to the actions for which a permission can have [ScopeSelf].
var selfActions = map[Entity][]Action{
	EntityUser:        {ActionRead, ActionEdit},
	EntityAPIKey:      {ActionRead, ActionCreate, ActionDelete},
	EntitySession:     {ActionRead, ActionDelete},
	EntityActivityLog: {ActionRead},
}

var namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// Parse validates the requests and returns their permissions in the same order, or all faults.
// It accepts a permission that is not in the [Registry] with any scope; that permission grants
// nothing.
func Parse(requests []PermissionRequest) ([]Permission, []Fault) {
	var faults []Fault
	permissions := make([]Permission, len(requests))
	listed := 0
	for i, r := range requests {
		fail := func(field, message string) {
			faults = append(faults, Fault{Path: fmt.Sprintf("/%d/%s", i, field), Message: message})
		}
		if !namePattern.MatchString(string(r.Entity)) {
			fail("entityName", "must be a letter and at most 63 letters, digits, - or _")
		}
		if !namePattern.MatchString(string(r.Action)) {
			fail("action", "must be a letter and at most 63 letters, digits, - or _")
		}
		permissions[i] = r.parse(fail)
		listed += len(permissions[i].IDs)
	}
	if listed > MaxListedIDs {
		faults = append(faults, Fault{Message: fmt.Sprintf("must list at most %d ids in all", MaxListedIDs)})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return permissions, nil
}

// parse returns the permission that the request asks for. It calls fail for each invalid field.
func (r PermissionRequest) parse(fail func(field, message string)) Permission {
	p := Permission{Entity: r.Entity, Action: r.Action, Scope: ScopeAll}
	switch {
	case r.DynamicID != "" && r.DynamicID != SelfUserID:
		fail("dynamicId", `must be null or "`+SelfUserID+`"`)
	case r.DynamicID != "" && r.IDs != nil && len(*r.IDs) > 0:
		fail("entityIds", "must be null or empty beside a dynamicId")
	case r.DynamicID != "":
		p.Scope = ScopeSelf
	case r.IDs != nil && len(*r.IDs) == 0:
		fail("entityIds", "must be null, for all, or list at least one id")
	case r.IDs != nil:
		p.Scope, p.IDs = ScopeIDs, sortedUnique(*r.IDs)
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

// Known reports whether the [Registry] lists the permission's entity and action. An unknown
// permission grants nothing.
func (p Permission) Known() bool { return registered(p.Entity, p.Action) }

// Scopes returns the scopes that a permission for a registered action can have. [ScopeIDs] is
// among them only if targets have ids. A target to be created has no id yet, and settings exist
// once.
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

// MissingRead returns the indices of permissions to edit, delete or assign targets for which the
// list lacks the permission to read the same targets.
func MissingRead(permissions []Permission) []int {
	var indices []int
	all := Set{Permissions: permissions}
	for i, p := range permissions {
		switch p.Action {
		case ActionEdit, ActionEditAccess, ActionDelete, ActionAssign:
			read := p
			read.Action = ActionRead
			if p.Known() && !coversPermission(all, read) {
				indices = append(indices, i)
			}
		}
	}
	return indices
}

// MergeDuplicates merges permissions with the same entity, action and scope into one, which has
// the ids of all of them. The result is in the order of first occurrence.
func MergeDuplicates(permissions []Permission) []Permission {
	type key struct {
		Entity
		Action
		Scope
	}
	var merged []Permission
	index := make(map[key]int, len(permissions))
	for _, p := range permissions {
		k := key{p.Entity, p.Action, p.Scope}
		i, ok := index[k]
		if !ok {
			index[k] = len(merged)
			merged = append(merged, p)
			continue
		}
		if p.Scope == ScopeIDs {
			merged[i].IDs = sortedUnique(slices.Concat(merged[i].IDs, p.IDs))
		}
	}
	return merged
}

// sortedUnique returns a sorted copy of ids without duplicates.
func sortedUnique(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
