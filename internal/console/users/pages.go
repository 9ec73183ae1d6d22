// Package users serves the pages about users: the list and its export, bulk actions, a user with
// their roles, sessions and API keys, and a new user.
package users

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	page.RoleLister

	Activity(ctx context.Context, caller *account.Principal, f account.ActivityFilter, cursor string,
		limit int) (entries []account.StoredActivity, next string, err error)
	ChangeUserRoles(ctx context.Context, caller *account.Principal, id int64, give, take []int64) ([]int64, error)
	CoveredRoles(ctx context.Context, caller *account.Principal, ids []int64) (map[int64]bool, error)
	CreateUsers(ctx context.Context, caller *account.Principal, users []account.NewUser) ([]account.User, error)
	DefaultRoles(ctx context.Context, caller *account.Principal) ([]access.Role, error)
	DeleteUser(ctx context.Context, caller *account.Principal, id int64) error
	EndKey(ctx context.Context, caller *account.Principal, id int64) error
	EndSession(ctx context.Context, caller *account.Principal, id int64) error
	EndSessions(ctx context.Context, caller *account.Principal, userID int64, keepCurrent bool) error
	FindUsers(ctx context.Context, caller *account.Principal, filter account.UserFilter, sort account.UserSort,
		cursor string, limit int) (account.UserPage, error)
	InviteUser(ctx context.Context, caller *account.Principal, id int64) error
	ListKeys(ctx context.Context, caller *account.Principal, userID int64) ([]account.APIKey, error)
	MailRoute(ctx context.Context) (account.MailRoute, error)
	Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error)
	Sessions(ctx context.Context, caller *account.Principal, userID int64) ([]auth.LiveSession, error)
	UpdateUser(ctx context.Context, caller *account.Principal, id int64,
		up account.UserUpdate) (account.User, error)
	User(ctx context.Context, caller *account.Principal, id int64) (account.User, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
}

const usersPath = "/users"

// The permissions that routes of this area need for at least one user. Package service checks them
// again for the user itself.
var (
	readUsers   = page.Permission{Action: access.ActionRead, Entity: access.EntityUser}
	createUsers = page.Permission{Action: access.ActionCreate, Entity: access.EntityUser}
	editAccess  = page.Permission{Action: access.ActionEditAccess, Entity: access.EntityUser}
	endSessions = page.Permission{Action: access.ActionDelete, Entity: access.EntitySession}
	endKeys     = page.Permission{Action: access.ActionDelete, Entity: access.EntityAPIKey}
)

// Pages returns the routes of this area of the console.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET " + usersPath, Handler: h.showUsers, Needs: readUsers},
		{Pattern: "GET " + usersPath + "/export", Handler: h.exportUsers, Needs: readUsers},

		{Pattern: "GET " + bulkPath, Handler: h.confirmBulk, Needs: readUsers},
		{Pattern: "POST " + bulkPath, Handler: h.applyBulk, Needs: readUsers},

		{Pattern: "GET " + newUserPath, Handler: h.showNewUser, Needs: createUsers},
		{Pattern: "POST " + newUserPath, Handler: h.createUser, Needs: createUsers},

		{Pattern: "GET " + usersPath + "/{id}", Handler: h.showUser, Needs: readUsers},
		{Pattern: "GET " + usersPath + "/{id}/picture", Handler: h.userPicture},
		{Pattern: "POST " + usersPath + "/{id}", Handler: h.editUser, Needs: readUsers, MaxBytes: page.MaxChangeBytes},

		{Pattern: "POST " + usersPath + "/{id}/roles", Handler: h.editRoles, Needs: editAccess},
		{Pattern: "POST " + usersPath + "/{id}/unlock", Handler: h.unlockUser, Needs: editAccess},
		{Pattern: "POST " + usersPath + "/{id}/invite", Handler: h.inviteUser, Needs: editAccess},
		{Pattern: "GET " + usersPath + "/{id}/password", Handler: h.showUserPassword, Needs: editAccess},
		{Pattern: "POST " + usersPath + "/{id}/password", Handler: h.setUserPassword, Needs: editAccess},

		{Pattern: "POST " + usersPath + "/{id}/sessions/end", Handler: h.endUserSessions, Needs: endSessions},
		{Pattern: "POST " + usersPath + "/{id}/sessions/{session}/end", Handler: h.endUserSession, Needs: endSessions},
		{Pattern: "GET " + usersPath + "/{id}/keys/{key}/end", Handler: h.confirmEndUserKey, Needs: endKeys},
		{Pattern: "POST " + usersPath + "/{id}/keys/{key}/end", Handler: h.endUserKey, Needs: endKeys},
	}
}
