package httpapi_test

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const importRow = `{"first":1,"users":[{"name":"n","email":"new@example.org"}]}`

var importPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"POST /api/users/{id}/invitation", "plain", ``, []need{editAccess}, "                     401 401 401 401 401 first 204 403 204 403 204 404"},
	{"POST /api/users/{id}/invitation", "member", ``, []need{editAccess}, "                    401 401 401 401 401 first 204 403 403 403 403 404"},
	{"POST /api/users/{id}/invitation", "administrator", ``, []need{editAccess}, "             401 401 401 401 401 first 204 403 403 403 403 404"},
	{"POST /api/users/{id}/invitation", "self", ``, []need{editAccess}, "                      401 401 401 401 401 first own 403 own 403 own 404"},
	{"POST /api/users/{id}/invitation", "absent", ``, []need{editAccess}, "                    401 401 401 401 401 first 404 403 404 403 404 404"},

	{"POST /api/imports", "plain", `{"dryRun":false}`, []need{createUser}, "                   401 401 401 401 401 first 201 403 201 403 403 403"},
	{"GET /api/imports/{id}", "own import", ``, []need{createUser}, "                          401 401 401 401 401 first 200 403 200 403 403 403"},
	{"GET /api/imports/{id}", "another's import", ``, []need{createUser}, "                    401 401 401 401 401 first 200 403 404 403 403 403"},
	{"GET /api/imports/{id}", "absent", ``, []need{createUser}, "                              401 401 401 401 401 first 404 403 404 403 403 403"},
	{"POST /api/imports/{id}/rows", "own import", importRow, []need{createUser}, "             401 401 401 401 401 first 200 403 200 403 403 403"},
	{"POST /api/imports/{id}/rows", "another's import", importRow, []need{createUser}, "       401 401 401 401 401 first 200 403 404 403 403 403"},
	{"POST /api/imports/{id}/rows", "absent", importRow, []need{createUser}, "                 401 401 401 401 401 first 404 403 404 403 403 403"},
	{"POST /api/imports/{id}/finish", "own import", ``, []need{createUser}, "                  401 401 401 401 401 first 200 403 200 403 403 403"},
	{"POST /api/imports/{id}/finish", "another's import", ``, []need{createUser}, "            401 401 401 401 401 first 200 403 404 403 403 403"},
	{"POST /api/imports/{id}/finish", "absent", ``, []need{createUser}, "                      401 401 401 401 401 first 404 403 404 403 403 403"},
	{"DELETE /api/imports/{id}", "own import", ``, []need{createUser}, "                       401 401 401 401 401 first 200 403 200 403 403 403"},
	{"DELETE /api/imports/{id}", "another's import", ``, []need{createUser}, "                 401 401 401 401 401 first 200 403 404 403 403 403"},
	{"DELETE /api/imports/{id}", "absent", ``, []need{createUser}, "                           401 401 401 401 401 first 404 403 404 403 403 403"},
}

// importOf stores an open import of a user.
func (f *fixture) importOf(userID int64) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) (err error) {
		now := f.clock.Now()
		id, err = tx.InsertImport(ctx, account.Import{UserID: userID, State: account.ImportOpen, Created: now, Touched: now})
		return err
	})
	return id
}
