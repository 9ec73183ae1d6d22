package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

func (h handlers) ApiRolesGet(ctx context.Context, _ wire.ApiRolesGetRequestObject) (wire.ApiRolesGetResponseObject, error) {
	return roleList{ctx, h.accounts}, nil
}

// roleList answers all roles as they are read.
type roleList struct {
	ctx      context.Context
	accounts *service.Service
}

// VisitApiRolesGetResponse writes the list.
func (l roleList) VisitApiRolesGetResponse(w http.ResponseWriter) error {
	return writeList(w, func(yield func(any) error) error {
		return l.accounts.ListRoles(l.ctx, requestOf(l.ctx).caller, func(r access.Role) error { return yield(role(r)) })
	})
}

func (h handlers) ApiRolesUserCreationDefaultsGet(ctx context.Context, _ wire.ApiRolesUserCreationDefaultsGetRequestObject) (wire.ApiRolesUserCreationDefaultsGetResponseObject, error) {
	defaults, err := h.accounts.DefaultRoles(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesUserCreationDefaultsGet200JSONResponse(roles(defaults)), nil
}

func (h handlers) ApiRolesPost(ctx context.Context, r wire.ApiRolesPostRequestObject) (wire.ApiRolesPostResponseObject, error) {
	asked := make([]account.NewRole, len(*r.Body))
	for i, n := range *r.Body {
		asked[i] = account.NewRole{Name: n.Name, Description: n.Description}
	}
	created, err := h.accounts.CreateRoles(ctx, requestOf(ctx).caller, asked)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesPost201JSONResponse(roles(created)), nil
}

func (h handlers) ApiRolesFromFromIdPost(ctx context.Context, r wire.ApiRolesFromFromIdPostRequestObject) (wire.ApiRolesFromFromIdPostResponseObject, error) {
	from, err := parseID(r.FromID)
	if err != nil {
		return nil, err
	}
	created, err := h.accounts.CopyRole(ctx, requestOf(ctx).caller, from, r.Body.Name)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesFromFromIdPost201JSONResponse(role(created)), nil
}

func (h handlers) ApiRolesIdGet(ctx context.Context, r wire.ApiRolesIdGetRequestObject) (wire.ApiRolesIdGetResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	found, err := h.accounts.Role(ctx, requestOf(ctx).caller, id)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdGet200JSONResponse(role(found)), nil
}

func (h handlers) ApiRolesIdPatch(ctx context.Context, r wire.ApiRolesIdPatchRequestObject) (wire.ApiRolesIdPatchResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	up := account.RoleUpdate{Name: r.Body.Name, Description: r.Body.Description}
	changed, err := h.accounts.UpdateRole(ctx, requestOf(ctx).caller, id, up)
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdPatch200JSONResponse(role(changed)), nil
}

func (h handlers) ApiRolesIdPermissionsPut(ctx context.Context, r wire.ApiRolesIdPermissionsPutRequestObject) (wire.ApiRolesIdPermissionsPutResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	changed, err := h.accounts.SetRolePermissions(ctx, requestOf(ctx).caller, id, drafts(*r.Body))
	if err != nil {
		return nil, err
	}
	return wire.ApiRolesIdPermissionsPut200JSONResponse(role(changed)), nil
}

func (h handlers) ApiRolesIdDelete(ctx context.Context, r wire.ApiRolesIdDeleteRequestObject) (wire.ApiRolesIdDeleteResponseObject, error) {
	id, err := parseID(r.ID)
	if err != nil {
		return nil, err
	}
	var with int64
	if r.Params.ReplaceWith != nil {
		with = *r.Params.ReplaceWith
	}
	if err := h.accounts.DeleteRole(ctx, requestOf(ctx).caller, id, with); err != nil {
		return nil, err
	}
	return wire.ApiRolesIdDelete204Response{}, nil
}

func roles(rs []access.Role) []wire.Role {
	list := make([]wire.Role, len(rs))
	for i, r := range rs {
		list[i] = role(r)
	}
	return list
}

func role(r access.Role) wire.Role {
	return wire.Role{ID: r.ID, Name: r.Name, Description: r.Description, Permissions: permissions(r.Expand())}
}

func permissions(ps []access.Permission) []wire.Permission {
	w := make([]wire.Permission, len(ps))
	for i, p := range ps {
		w[i] = permission(p)
	}
	return w
}

func permission(p access.Permission) wire.Permission {
	w := wire.Permission{EntityName: string(p.Entity), Action: string(p.Action)}
	switch p.Scope {
	case access.ScopeIDs:
		ids := list(p.IDs)
		w.EntityIDs = &ids
	case access.ScopeSelf:
		self := access.SelfUserID
		w.DynamicID = &self
	}
	return w
}

// drafts reads permissions that somebody asks for.
func drafts(inputs []wire.PermissionInput) []access.PermissionRequest {
	ds := make([]access.PermissionRequest, len(inputs))
	for i, in := range inputs {
		ds[i] = access.PermissionRequest{Entity: access.Entity(in.EntityName), Action: access.Action(in.Action)}
		if in.EntityIDs != nil {
			ids := make([]int64, len(*in.EntityIDs))
			for j, id := range *in.EntityIDs {
				ids[j] = number(id)
			}
			ds[i].IDs = &ids
		}
		if in.DynamicID != nil {
			ds[i].DynamicID = *in.DynamicID
		}
	}
	return ds
}

// number reads an id that the contract has as a number or as digits. What is no
// number of 64 bits is the id of nothing: 0.
func number(n json.Number) int64 {
	id, err := n.Int64()
	if err != nil {
		return 0
	}
	return id
}
