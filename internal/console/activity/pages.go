// Package activity serves the pages about the activity log: the log with its filter and export, and
// the caller's own activity.
package activity

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	Activity(ctx context.Context, caller *account.Principal, f account.ActivityFilter, cursor string,
		limit int) (entries []account.StoredActivity, next string, err error)
	ExportActivity(ctx context.Context, caller *account.Principal, f account.ActivityFilter,
		yield func(account.StoredActivity) error) error
	Role(ctx context.Context, caller *account.Principal, id int64) (access.Role, error)
	User(ctx context.Context, caller *account.Principal, id int64) (account.User, error)
	UserByEmail(ctx context.Context, caller *account.Principal, address string) (account.User, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
}

const (
	logPath    = "/activity"
	exportPath = logPath + "/export"
	ownLogPath = page.ProfilePath + "/activity"
)

var readActivity = page.Permission{Action: access.ActionRead, Entity: access.EntityActivityLog}

// Pages returns the routes of this area of the console.
func Pages(service Service) []page.Route {
	h := &handler{service: service}
	return []page.Route{
		{Pattern: "GET " + logPath, Handler: h.showLog, Needs: readActivity},
		{Pattern: "GET " + exportPath, Handler: h.exportLog, Needs: readActivity},
		{Pattern: "GET " + ownLogPath, Handler: h.showOwnLog},
	}
}
