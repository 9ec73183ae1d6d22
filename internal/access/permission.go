package access

import (
	"slices"
	"strconv"
	"strings"
)

// Entity names the kind of object that a permission applies to, such as users or roles.
type Entity string

// Action names what a permission allows.
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
	ActionEditAccess Action = "edit-access" // change the e-mail, password, active, lockedOut or roles of a user
	ActionDelete     Action = "delete"
	ActionAssign     Action = "assign" // give a role to a user, or take it away
)

// Registry lists the actions of each entity, in display order. A permission with another entity
// or action may be stored, but grants nothing.
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

// OwnedByUser lists the entities whose targets belong to users. The ids of permissions for them
// are the ids of users: the owner of a key or session, or the actor of an activity log entry.
// Only permissions for these entities can have [ScopeSelf].
var OwnedByUser = []Entity{EntityUser, EntityAPIKey, EntitySession, EntityActivityLog}

// Scope tells which targets of its entity a permission applies to.
type Scope string

// The scopes.
const (
	ScopeAll  Scope = "all"  // wildcard: every target, including future ones
	ScopeIDs  Scope = "ids"  // the targets that Permission.IDs lists
	ScopeSelf Scope = "self" // only targets that belong to the user who has the permission
)

// Permission allows one action on the targets of an entity that are in its scope.
type Permission struct {
	Entity Entity
	Action Action
	Scope  Scope
	IDs    []int64 // sorted and unique; set with ScopeIDs only
}

// String returns the permission in short form, such as "user:read", "user:edit:self" or
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

// Equal reports whether p and q have the same entity, action, scope and ids.
func (p Permission) Equal(q Permission) bool {
	return p.Entity == q.Entity && p.Action == q.Action && p.Scope == q.Scope && slices.Equal(p.IDs, q.IDs)
}
