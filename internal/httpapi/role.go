package httpapi

import (
	"context"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// roleService reads and changes roles.
type roleService interface {
	ListRoles(ctx context.Context, caller *account.Principal, yield func(access.Role) error) error
	DefaultRoles(ctx context.Context, caller *account.Principal) ([]access.Role, error)
	CreateRoles(ctx context.Context, caller *account.Principal, roles []account.NewRole) ([]access.Role, error)
	CopyRole(ctx context.Context, caller *account.Principal, from int64, name string) (access.Role, error)
	Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error)
	UpdateRole(
		ctx context.Context, caller *account.Principal, id int64, update account.RoleUpdate,
	) (access.Role, error)
	SetRolePermissions(
		ctx context.Context, caller *account.Principal, id int64, requests []access.PermissionRequest,
	) (access.Role, error)
	DeleteRole(ctx context.Context, caller *account.Principal, id, replaceWith int64) error
}

type roleHandlers struct{ service roleService }

func (h roleHandlers) ApiRolesGet(
	ctx context.Context, _ wire.ApiRolesGetRequestObject,
) (wire.ApiRolesGetResponseObject, error) {
	return roleList{ctx: ctx, service: h.service}, nil
}

// roleList streams the list of all roles that the caller may read.
type roleList struct {
	ctx     context.Context
	service roleService
}

// VisitApiRolesGetResponse writes the list of roles as JSON.
func (l roleList) VisitApiRolesGetResponse(w http.ResponseWriter) error {
	return writeList(w, wireRole, func(yield func(access.Role) error) error {
		return l.service.ListRoles(l.ctx, requestOf(l.ctx).caller, yield)
	})
}

func (h roleHandlers) ApiRolesUserCreationDefaultsGet(
	ctx context.Context, _ wire.ApiRolesUserCreationDefaultsGetRequestObject,
) (wire.ApiRolesUserCreationDefaultsGetResponseObject, error) {
	defaults, err := h.service.DefaultRoles(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesUserCreationDefaultsGet200JSONResponse(wireRoles(defaults)), nil
}

func (h roleHandlers) ApiRolesPost(
	ctx context.Context, r wire.ApiRolesPostRequestObject,
) (wire.ApiRolesPostResponseObject, error) {
	roles := make([]account.NewRole, len(*r.Body))
	for i, n := range *r.Body {
		roles[i] = account.NewRole{Name: n.Name, Description: n.Description}
	}
	created, err := h.service.CreateRoles(ctx, requestOf(ctx).caller, roles)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesPost201JSONResponse(wireRoles(created)), nil
}

func (h roleHandlers) ApiRolesFromFromIdPost(
	ctx context.Context, r wire.ApiRolesFromFromIdPostRequestObject,
) (wire.ApiRolesFromFromIdPostResponseObject, error) {
	from, err := parseID(r.FromID)
	if err != nil {
		return nil, err
	}
	created, err := h.service.CopyRole(ctx, requestOf(ctx).caller, from, r.Body.Name)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesFromFromIdPost201JSONResponse(wireRole(created)), nil
}

func (h roleHandlers) ApiRolesIdGet(
	ctx context.Context, r wire.ApiRolesIdGetRequestObject,
) (wire.ApiRolesIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	role, err := h.service.Role(ctx, requestOf(ctx).caller, id)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdGet200JSONResponse(wireRole(role)), nil
}

func (h roleHandlers) ApiRolesIdPatch(
	ctx context.Context, r wire.ApiRolesIdPatchRequestObject,
) (wire.ApiRolesIdPatchResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	update := account.RoleUpdate{Name: r.Body.Name, Description: r.Body.Description}
	role, err := h.service.UpdateRole(ctx, requestOf(ctx).caller, id, update)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdPatch200JSONResponse(wireRole(role)), nil
}

func (h roleHandlers) ApiRolesIdPermissionsPut(
	ctx context.Context, r wire.ApiRolesIdPermissionsPutRequestObject,
) (wire.ApiRolesIdPermissionsPutResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	role, err := h.service.SetRolePermissions(ctx, requestOf(ctx).caller, id, permissionRequests(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdPermissionsPut200JSONResponse(wireRole(role)), nil
}

func (h roleHandlers) ApiRolesIdDelete(
	ctx context.Context, r wire.ApiRolesIdDeleteRequestObject,
) (wire.ApiRolesIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	if err := h.service.DeleteRole(ctx, requestOf(ctx).caller, id, valueOr(r.Params.ReplaceWith, 0)); err != nil {
		return nil, err
	}
	return wire.ApiRolesIdDelete204Response{}, nil
}

func wireRoles(roles []access.Role) []wire.Role {
	answer := make([]wire.Role, len(roles))
	for i, r := range roles {
		answer[i] = wireRole(r)
	}
	return answer
}

func wireRole(r access.Role) wire.Role {
	return wire.Role{ID: r.ID, Name: r.Name, Description: r.Description, Permissions: wirePermissions(r.Expand())}
}

func wirePermissions(permissions []access.Permission) []wire.Permission {
	answer := make([]wire.Permission, len(permissions))
	for i, p := range permissions {
		answer[i] = wirePermission(p)
	}
	return answer
}

func wirePermission(p access.Permission) wire.Permission {
	w := wire.Permission{EntityName: string(p.Entity), Action: string(p.Action)}
	switch p.Scope {
	case access.ScopeIDs:
		ids := emptyIfNil(p.IDs)
		w.EntityIDs = &ids
	case access.ScopeSelf:
		self := access.SelfUserID
		w.DynamicID = &self
	}
	return w
}

// permissionRequests converts the permissions in a request body. Package account checks them later.
func permissionRequests(inputs []wire.PermissionInput) []access.PermissionRequest {
	requests := make([]access.PermissionRequest, len(inputs))
	for i, in := range inputs {
		requests[i] = access.PermissionRequest{Entity: access.Entity(in.EntityName), Action: access.Action(in.Action)}
		if in.EntityIDs != nil {
			ids := make([]int64, len(*in.EntityIDs))
			for j, id := range *in.EntityIDs {
				ids[j] = bodyID(id)
			}
			requests[i].IDs = &ids
		}
		if in.DynamicID != nil {
			requests[i].DynamicID = *in.DynamicID
		}
	}
	return requests
}
