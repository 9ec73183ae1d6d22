package client

import (
	"context"
	"net/http"
)

// Ids of the built-in roles, which can't be changed or deleted.
const (
	AdministratorRole int64 = 1 // permits everything
	UserRole          int64 = 2 // permits access to the user's own account only
)

// SelfUserID is the DynamicID of a permission that applies only to objects of the user
// who has the permission.
const SelfUserID = "self-user-id"

// RolesService reads and changes roles.
type RolesService struct{ client *Client }

// List returns all roles that the caller may read, sorted by id.
func (s *RolesService) List(ctx context.Context) ([]Role, error) {
	return receive[[]Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles"})
}

// ListDefaults returns those roles that a new user gets by default and that the caller
// may read.
func (s *RolesService) ListDefaults(ctx context.Context) ([]Role, error) {
	return receive[[]Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles/user-creation-defaults"})
}

// Get returns one role.
func (s *RolesService) Get(ctx context.Context, id int64) (Role, error) {
	return receive[Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles/" + decimal(id)})
}

// Create creates 1 to 100 roles, all or none, and returns them in the given order. It
// fails with [CodeRoleNameTaken] if a name is in use.
func (s *RolesService) Create(ctx context.Context, roles []NewRole) ([]Role, error) {
	if roles == nil {
		roles = []NewRole{}
	}
	return receive[[]Role](ctx, s.client, request{method: http.MethodPost, path: "api/roles", body: roles})
}

// Copy creates a role with the description and the permissions of the role sourceID. A
// copy of [AdministratorRole] does not get the permissions that later releases add.
func (s *RolesService) Copy(ctx context.Context, sourceID int64, name string) (Role, error) {
	return receive[Role](ctx, s.client, request{
		method: http.MethodPost, path: "api/roles/from/" + decimal(sourceID), body: map[string]string{"name": name},
	})
}

// Update changes the name or the description of a role. It fails with [CodeBuiltInRole]
// for a built-in role, and with [CodeRoleNameTaken] if the name is in use.
func (s *RolesService) Update(ctx context.Context, id int64, update RoleUpdate) (Role, error) {
	return receive[Role](ctx, s.client, request{method: http.MethodPatch, path: "api/roles/" + decimal(id), body: update})
}

// SetPermissions replaces the permissions of a role. The caller must have all the new
// permissions. SetPermissions fails with [CodeBuiltInRole] for a built-in role. It
// fails with [CodePermissionNeedsRead] for a permission to edit, delete or assign
// without the permission to read the same objects.
func (s *RolesService) SetPermissions(ctx context.Context, id int64, permissions []Permission) (Role, error) {
	return receive[Role](ctx, s.client, request{
		method: http.MethodPut, path: "api/roles/" + decimal(id) + "/permissions", body: permissionInputs(permissions),
	})
}

// Delete deletes a role. It fails with [CodeBuiltInRole] for a built-in role, and with
// [CodeRoleInUse] if a user has the role or a setting names it.
func (s *RolesService) Delete(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/roles/" + decimal(id)})
}

// Replace deletes the role id. The role replacementID takes its place for all users and
// in all settings.
func (s *RolesService) Replace(ctx context.Context, id, replacementID int64) error {
	r := request{method: http.MethodDelete, path: "api/roles/" + decimal(id)}
	r.query.integer("replaceWith", replacementID)
	return s.client.perform(ctx, r)
}

// permissionInput is a [Permission] in a request. A nil field is omitted from the JSON.
type permissionInput struct {
	Action     string  `json:"action"`
	DynamicID  *string `json:"dynamicId,omitempty"`
	EntityIDs  []int64 `json:"entityIds,omitzero"` // an empty list is sent; an omitted list would mean all objects
	EntityName string  `json:"entityName"`
}

func permissionInputs(permissions []Permission) []permissionInput {
	inputs := make([]permissionInput, len(permissions))
	for i, p := range permissions {
		inputs[i] = permissionInput{
			Action: p.Action, DynamicID: p.DynamicID, EntityIDs: p.EntityIDs, EntityName: p.EntityName,
		}
	}
	return inputs
}
