package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// The built-in roles. They can be neither changed nor deleted.
const (
	AdministratorRole int64 = 1 // permits everything
	UserRole          int64 = 2 // permits what is the user's own
)

// SelfUserID is the DynamicID of a permission for the own user id alone.
const SelfUserID = "self-user-id"

// Role is a named set of permissions.
type Role struct {
	ID          int64        `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Permissions []Permission `json:"permissions"`
}

// Permission is one action on one kind of thing.
type Permission struct {
	EntityName string  `json:"entityName"` // the kind of thing, as "user"
	Action     string  `json:"action"`     // what may be done, as "read"
	EntityIDs  []int64 `json:"entityIds"`  // the things it holds for; nil for all, or where DynamicID says which
	DynamicID  *string `json:"dynamicId"`  // [SelfUserID]: for the caller's own user id alone; else nil
}

// NewRole is a role to create. It permits nothing until [Client.SetRolePermissions].
type NewRole struct {
	Name        string // at most 256 characters; no other role has it, upper and lower case being one
	Description string // at most 4,096 characters
}

// RoleUpdate says what to change of a role. A nil field stays as it is.
type RoleUpdate struct {
	Name        *string
	Description *string
}

// Roles returns all roles that the caller may read, by id.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesGet(ctx)
	}, rolesFromWire)
}

// DefaultRoles returns the roles that a new user gets, as far as the caller may
// read them.
func (c *Client) DefaultRoles(ctx context.Context) ([]Role, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesUserCreationDefaultsGet(ctx)
	}, rolesFromWire)
}

// Role returns one role.
func (c *Client) Role(ctx context.Context, id int64) (Role, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesIdGet(ctx, pathID(id))
	}, roleFromWire)
}

// CreateRoles creates 1 to 100 roles, all or none, and returns them in the order
// given. It fails with [CodeRoleNameTaken].
func (c *Client) CreateRoles(ctx context.Context, roles []NewRole) ([]Role, error) {
	body := make([]wire.NewRole, len(roles))
	for i, r := range roles {
		body[i] = wire.NewRole{Name: r.Name, Description: r.Description}
	}
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesPost(ctx, body)
	}, rolesFromWire)
}

// CopyRole creates a role with the description and the permissions of another. A
// copy of [AdministratorRole] has the permissions that there are today.
func (c *Client) CopyRole(ctx context.Context, from int64, name string) (Role, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesFromFromIdPost(ctx, strconv.FormatInt(from, 10), wire.RoleCopy{Name: name})
	}, roleFromWire)
}

// UpdateRole changes the name or the description of a role. It fails with
// [CodeBuiltInRole] and [CodeRoleNameTaken].
func (c *Client) UpdateRole(ctx context.Context, id int64, update RoleUpdate) (Role, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesIdPatch(ctx, pathID(id), wire.RoleUpdate{Name: update.Name, Description: update.Description})
	}, roleFromWire)
}

// SetRolePermissions gives a role these permissions and no others; the caller has
// to hold them all. It fails with [CodeBuiltInRole], and with
// [CodePermissionNeedsRead] where one may edit, delete or assign what one may not
// read.
func (c *Client) SetRolePermissions(ctx context.Context, id int64, permissions []Permission) (Role, error) {
	body := permissionsToWire(permissions)
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesIdPermissionsPut(ctx, pathID(id), body)
	}, roleFromWire)
}

// DeleteRole deletes a role that nobody has and that is no default. It fails with
// [CodeBuiltInRole] and [CodeRoleInUse].
func (c *Client) DeleteRole(ctx context.Context, id int64) error {
	return c.deleteRole(ctx, id, nil)
}

// ReplaceRole deletes a role. Whoever has it gets the other one in its place, and
// so do the settings that name it.
func (c *Client) ReplaceRole(ctx context.Context, id, with int64) error {
	return c.deleteRole(ctx, id, &with)
}

func (c *Client) deleteRole(ctx context.Context, id int64, replaceWith *int64) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiRolesIdDelete(ctx, pathID(id), &wire.ApiRolesIdDeleteParams{ReplaceWith: replaceWith})
	})
}

func rolesFromWire(w []wire.Role) []Role {
	roles := make([]Role, len(w))
	for i := range w {
		roles[i] = roleFromWire(w[i])
	}
	return roles
}

func roleFromWire(w wire.Role) Role {
	return Role{ID: w.ID, Name: w.Name, Description: w.Description, Permissions: permissionsFromWire(w.Permissions)}
}

func permissionsFromWire(w []wire.Permission) []Permission {
	permissions := make([]Permission, len(w))
	for i, p := range w {
		permissions[i] = Permission{EntityName: p.EntityName, Action: p.Action, DynamicID: p.DynamicID}
		if p.EntityIDs != nil {
			permissions[i].EntityIDs = *p.EntityIDs
		}
	}
	return permissions
}

// permissionsToWire keeps an empty list of ids apart from none: it is refused,
// and must not come to mean all.
func permissionsToWire(permissions []Permission) []wire.PermissionInput {
	w := make([]wire.PermissionInput, len(permissions))
	for i, p := range permissions {
		w[i] = wire.PermissionInput{EntityName: p.EntityName, Action: p.Action, DynamicID: p.DynamicID}
		if p.EntityIDs != nil {
			ids := make([]json.Number, len(p.EntityIDs))
			for j, id := range p.EntityIDs {
				ids[j] = json.Number(strconv.FormatInt(id, 10))
			}
			w[i].EntityIDs = &ids
		}
	}
	return w
}
