// Package roles serves the pages about roles: the list, a role with the matrix of its permissions,
// a copy, and deletion with a replacement.
package roles

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	page.RoleLister

	CopyRole(ctx context.Context, caller *account.Principal, from int64, name string) (access.Role, error)
	CoveredRoles(ctx context.Context, caller *account.Principal, ids []int64) (map[int64]bool, error)
	CreateRoles(ctx context.Context, caller *account.Principal, roles []account.NewRole) ([]access.Role, error)
	DeleteRole(ctx context.Context, caller *account.Principal, id, replaceWith int64) error
	FindUsers(ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort,
		cursor string, limit int) (account.UserPage, error)
	ReplaceRolePermissions(ctx context.Context, caller *account.Principal, id int64, seen []access.Permission,
		requests []access.PermissionRequest) (access.Role, error)
	Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error)
	UpdateRole(ctx context.Context, caller *account.Principal, id int64, up account.RoleUpdate) (access.Role, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
}

const rolesPath = "/roles"

// The permissions that the pages about roles require, with a scope of at least one role. Package
// service then checks that the scope includes the role that the request is about.
var (
	readRoles   = page.Permission{Action: access.ActionRead, Entity: access.EntityRole}
	createRoles = page.Permission{Action: access.ActionCreate, Entity: access.EntityRole}
	editRoles   = page.Permission{Action: access.ActionEdit, Entity: access.EntityRole}
	deleteRoles = page.Permission{Action: access.ActionDelete, Entity: access.EntityRole}
)

// Pages returns the routes of this area of the console.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET " + rolesPath, Handler: h.showRoles, Needs: readRoles},
		{Pattern: "GET " + rolesPath + "/new", Handler: showNewRole, Needs: createRoles},
		{Pattern: "POST " + rolesPath + "/new", Handler: h.createRole, Needs: createRoles},
		{Pattern: "GET " + rolesPath + "/{id}/copy", Handler: h.showCopyRole, Needs: createRoles},
		{Pattern: "POST " + rolesPath + "/{id}/copy", Handler: h.copyRole, Needs: createRoles},
		{Pattern: "GET " + rolesPath + "/{id}", Handler: h.showRole, Needs: readRoles},
		{
			Pattern: "POST " + rolesPath + "/{id}", Handler: h.updateRole, Needs: editRoles,
			MaxBytes: page.MaxChangeBytes,
		},
		{
			Pattern: "POST " + rolesPath + "/{id}/permissions", Handler: h.setPermissions,
			Needs: editRoles, MaxBytes: maxMatrixBytes,
		},
		{Pattern: "GET " + rolesPath + "/{id}/delete", Handler: h.showDeleteRole, Needs: deleteRoles},
		{Pattern: "POST " + rolesPath + "/{id}/delete", Handler: h.deleteRole, Needs: deleteRoles},
	}
}
