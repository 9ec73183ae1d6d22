package access

import (
	"slices"
	"strconv"
	"strings"
)

// Entity is a kind of thing that a permission is about.
type Entity string

// Action is what a permission lets one do with things of a kind.
type Action string

// The entities that Usher knows.
const (
	EntityUser                Entity = "user"
	EntityRole                Entity = "role"
	EntityAPIKey              Entity = "api-key"
	EntitySession             Entity = "session"
	EntityActivityLog         Entity = "activity-log"
	EntityMail                Entity = "mail"
	EntityLockoutPolicy       Entity = "lockout-policy"
	EntityApplicationSettings Entity = "application-settings"
	EntityLDAPConfiguration   Entity = "ldap-configuration"
	EntitySAMLConfiguration   Entity = "saml-configuration"
)

// The actions that Usher knows.
const (
	ActionRead       Action = "read"
	ActionCreate     Action = "create"
	ActionEdit       Action = "edit"
	ActionEditAccess Action = "edit-access" // e-mail, password, active, lockedOut and roles of a user
	ActionDelete     Action = "delete"
	ActionAssign     Action = "assign" // give a role or take it away
)

// Registry lists every permission that grants anything, in the order in which
// they are shown. Permissions of other names are stored and grant nothing.
var Registry = []struct {
	Entity  Entity
	Actions []Action
}{
	{EntityUser, []Action{ActionRead, ActionCreate, ActionEdit, ActionEditAccess, ActionDelete}},
	{EntityRole, []Action{ActionRead, ActionCreate, ActionEdit, ActionDelete, ActionAssign}},
	{EntityAPIKey, []Action{ActionRead, ActionCreate, ActionDelete}},
	{EntitySession, []Action{ActionRead, ActionDelete}},
	{EntityActivityLog, []Action{ActionRead}},
	{EntityMail, []Action{ActionRead, ActionEdit}},
	{EntityLockoutPolicy, []Action{ActionRead, ActionEdit}},
	{EntityApplicationSettings, []Action{ActionRead, ActionEdit}},
	{EntityLDAPConfiguration, []Action{ActionRead, ActionEdit}},
	{EntitySAMLConfiguration, []Action{ActionRead, ActionEdit}},
}

// OwnedByUser lists the entities whose permissions are limited by user id: the
// user's own, or its owner's or actor's. Such a permission can be for oneself.
var OwnedByUser = []Entity{EntityUser, EntityAPIKey, EntitySession, EntityActivityLog}

// Scope says which things of a kind a permission is for.
type Scope string

// The scopes.
const (
	ScopeAll  Scope = "all"  // every one, also future ones
	ScopeIDs  Scope = "ids"  // those that IDs lists
	ScopeSelf Scope = "self" // the holder's own alone
)

// Permission lets its holder do one action with some things of one kind.
type Permission struct {
	Entity Entity
	Action Action
	Scope  Scope
	IDs    []int64 // sorted; with ScopeIDs alone
}

// String writes the permission as people do: "user:read", "user:edit:self" or
// "role:read:3,4".
func (p Permission) String() string {
	text := string(p.Entity) + ":" + string(p.Action)
	switch p.Scope {
	case ScopeSelf:
		return text + ":self"
	case ScopeIDs:
		ids := make([]string, len(p.IDs))
		for i, id := range p.IDs {
			ids[i] = strconv.FormatInt(id, 10)
		}
		return text + ":" + strings.Join(ids, ",")
	}
	return text
}

// Equal reports whether two permissions are the same.
func (p Permission) Equal(q Permission) bool {
	return p.Entity == q.Entity && p.Action == q.Action && p.Scope == q.Scope && slices.Equal(p.IDs, q.IDs)
}
