// Package imports serves the pages that import users from a file: upload, check, run and undo.
package imports

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
)

// Service has the operations of package service that the pages of this area call.
type Service interface {
	AddImportRows(ctx context.Context, caller *account.Principal, id int64, first int,
		users []account.ImportUser) (account.Import, []account.ImportFault, error)
	BeginImport(ctx context.Context, caller *account.Principal, dryRun bool) (account.Import, error)
	DefaultRoles(ctx context.Context, caller *account.Principal) ([]access.Role, error)
	FinishImport(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
	Import(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
	UndoImport(ctx context.Context, caller *account.Principal, id int64) (account.Import, error)
}

// handler has the HTTP handlers of this area.
type handler struct {
	service Service
	uploads *uploads
}

const (
	usersPath  = "/users"
	importPath = usersPath + "/import"
)

var createUsers = page.Permission{Action: access.ActionCreate, Entity: access.EntityUser}

// Pages returns the routes of this area. An import has two steps: the user uploads a file and sees
// what the import would do, then confirms it. The id of an import is in the query, because a path
// such as /users/import/{id} would conflict with the routes below /users/{id}/.
func Pages(service Service) []page.Route {
	h := &handler{service: service, uploads: newUploads()}
	return []page.Route{
		{Pattern: "GET " + importPath, Handler: h.showImport, Needs: createUsers},
		{
			Pattern: "POST " + importPath, Handler: h.checkImport, Needs: createUsers,
			MaxBytes: maxImportFile + page.MaxFormBytes, TooLarge: errImportTooLarge,
		},
		{Pattern: "GET " + importPath + "/sample.csv", Handler: sampleImport, Needs: createUsers},
		{Pattern: "GET " + importPath + "/check", Handler: h.showPlan, Needs: createUsers},
		{Pattern: "POST " + importPath + "/discard", Handler: h.discardImport, Needs: createUsers},
		{Pattern: "POST " + importPath + "/begin", Handler: h.beginImport, Needs: createUsers},
		{Pattern: "GET " + importPath + "/progress", Handler: h.showProgress, Needs: createUsers},
		{Pattern: "POST " + importPath + "/undo", Handler: h.undoImport, Needs: createUsers},
		{Pattern: "POST " + importPath + "/finish", Handler: h.finishImport, Needs: createUsers},
	}
}
