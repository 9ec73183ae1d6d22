package httpapi_test

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

const importRow = `{"first":1,"users":[{"name":"n","email":"new@example.org"}]}`

var importPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "POST /api/users/{id}/invitation", target: "plain", needs: []need{editAccess},
		want: "401 401 401 401 401 first 204 403 204 403 204 404"},
	{op: "POST /api/users/{id}/invitation", target: "member", needs: []need{editAccess},
		want: "401 401 401 401 401 first 204 403 403 403 403 404"},
	{op: "POST /api/users/{id}/invitation", target: "administrator", needs: []need{editAccess},
		want: "401 401 401 401 401 first 204 403 403 403 403 404"},
	{op: "POST /api/users/{id}/invitation", target: "self", needs: []need{editAccess},
		want: "401 401 401 401 401 first own 403 own 403 own 404"},
	{op: "POST /api/users/{id}/invitation", target: "absent", needs: []need{editAccess},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},

	{op: "POST /api/imports", target: "plain", body: `{"dryRun":false}`, needs: []need{createUser},
		want: "401 401 401 401 401 first 201 403 201 403 403 403"},
	{op: "GET /api/imports/{id}", target: "own import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "GET /api/imports/{id}", target: "another's import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 404 403 403 403"},
	{op: "GET /api/imports/{id}", target: "absent", needs: []need{createUser},
		want: "401 401 401 401 401 first 404 403 404 403 403 403"},
	{op: "POST /api/imports/{id}/rows", target: "own import", body: importRow, needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "POST /api/imports/{id}/rows", target: "another's import", body: importRow, needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 404 403 403 403"},
	{op: "POST /api/imports/{id}/rows", target: "absent", body: importRow, needs: []need{createUser},
		want: "401 401 401 401 401 first 404 403 404 403 403 403"},
	{op: "POST /api/imports/{id}/finish", target: "own import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "POST /api/imports/{id}/finish", target: "another's import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 404 403 403 403"},
	{op: "POST /api/imports/{id}/finish", target: "absent", needs: []need{createUser},
		want: "401 401 401 401 401 first 404 403 404 403 403 403"},
	{op: "DELETE /api/imports/{id}", target: "own import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "DELETE /api/imports/{id}", target: "another's import", needs: []need{createUser},
		want: "401 401 401 401 401 first 200 403 404 403 403 403"},
	{op: "DELETE /api/imports/{id}", target: "absent", needs: []need{createUser},
		want: "401 401 401 401 401 first 404 403 404 403 403 403"},
}

// importOf stores an open import that belongs to a user.
func (f *fixture) importOf(userID int64) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx *account.Tx) (err error) {
		now := f.clock.Now()
		open := account.Import{UserID: userID, State: account.ImportOpen, Created: now, Touched: now}
		id, err = tx.InsertImport(ctx, open)
		return err
	})
	return id
}
