package client

import (
	"context"
	"net/http"
)

// The built-in roles. They can be neither changed nor deleted.
const (
	AdministratorRole int64 = 1 // permits everything
	UserRole          int64 = 2 // permits what is the user's own
)

// SelfUserID is the DynamicID of a permission for the own user id alone.
const SelfUserID = "self-user-id"

// RolesService reads and changes roles.
type RolesService struct{ client *Client }

// List returns all roles that the caller may read, by id.
func (s *RolesService) List(ctx context.Context) ([]Role, error) {
	return receive[[]Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles"})
}

// ListDefaults returns the roles that a new user gets, as far as the caller may
// read them.
func (s *RolesService) ListDefaults(ctx context.Context) ([]Role, error) {
	return receive[[]Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles/user-creation-defaults"})
}

// Get returns one role.
func (s *RolesService) Get(ctx context.Context, id int64) (Role, error) {
	return receive[Role](ctx, s.client, request{method: http.MethodGet, path: "api/roles/" + decimal(id)})
}

// Create creates 1 to 100 roles, all or none, and returns them in the order
// given. It fails with [CodeRoleNameTaken].
func (s *RolesService) Create(ctx context.Context, roles []NewRole) ([]Role, error) {
	if roles == nil {
		roles = []NewRole{}
	}
	return receive[[]Role](ctx, s.client, request{method: http.MethodPost, path: "api/roles", body: roles})
}

// Copy creates a role with the description and the permissions of another. A
// copy of [AdministratorRole] has the permissions that there are today.
func (s *RolesService) Copy(ctx context.Context, from int64, name string) (Role, error) {
	return receive[Role](ctx, s.client, request{
		method: http.MethodPost, path: "api/roles/from/" + decimal(from), body: map[string]string{"name": name},
	})
}

// Update changes the name or the description of a role. It fails with
// [CodeBuiltInRole] and [CodeRoleNameTaken].
func (s *RolesService) Update(ctx context.Context, id int64, update RoleUpdate) (Role, error) {
	return receive[Role](ctx, s.client, request{method: http.MethodPatch, path: "api/roles/" + decimal(id), body: update})
}

// SetPermissions gives a role these permissions and no others; the caller has
// to have them all. It fails with [CodeBuiltInRole], and with
// [CodePermissionNeedsRead] where a permission to edit, delete or assign comes
// without the permission to read.
func (s *RolesService) SetPermissions(ctx context.Context, id int64, permissions []Permission) (Role, error) {
	return receive[Role](ctx, s.client, request{
		method: http.MethodPut, path: "api/roles/" + decimal(id) + "/permissions", body: permissionInputs(permissions),
	})
}

// Delete deletes a role that no user has and that is no default. It fails with
// [CodeBuiltInRole] and [CodeRoleInUse].
func (s *RolesService) Delete(ctx context.Context, id int64) error {
	return s.client.perform(ctx, request{method: http.MethodDelete, path: "api/roles/" + decimal(id)})
}

// Replace deletes a role. Its users get the other role in its place, and so do
// the settings that name it.
func (s *RolesService) Replace(ctx context.Context, id, with int64) error {
	r := request{method: http.MethodDelete, path: "api/roles/" + decimal(id)}
	r.query.integer("replaceWith", with)
	return s.client.perform(ctx, r)
}

// permissionInput is a [Permission] in a request, where nil is absent.
type permissionInput struct {
	Action     string  `json:"action"`
	DynamicID  *string `json:"dynamicId,omitempty"`
	EntityIDs  []int64 `json:"entityIds,omitzero"` // the server refuses an empty list, which must not come to mean all
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
