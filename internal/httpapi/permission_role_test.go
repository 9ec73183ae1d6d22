package httpapi_test

import (
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

var (
	createRole = need{access.EntityRole, access.ActionCreate}
	editRole   = need{access.EntityRole, access.ActionEdit}
	deleteRole = need{access.EntityRole, access.ActionDelete}
)

// roleTarget stores a role if the target of a row in the permission table names one. A "bare" role has no permissions,
// a "full" role has all. A "held" role has no permissions and is assigned to a user.
func (f *fixture) roleTarget(target string) (id int64, ok bool) {
	switch target {
	case "administrators":
		return access.AdministratorRole, true
	case "built-in role":
		return access.UserRole, true
	case "bare role":
		return f.role(), true
	case "full role":
		return f.role(allBut()...), true
	case "held role":
		id := f.role()
		f.user(fmt.Sprintf("holder%d@example.org", id), id)
		return id, true
	case "absent role":
		return 999_999, true
	}
	return 0, false
}

var rolePermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/roles", needs: []need{readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 200"},
	{op: "GET /api/roles/user-creation-defaults", needs: []need{readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 200"},
	{op: "POST /api/roles", body: `[{"name":"new@","description":""}]`, needs: []need{createRole},
		want: "401 401 401 401 401 first 201 403 201 403 201 201"},

	{op: "GET /api/roles/{id}", target: "bare role", needs: []need{readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "GET /api/roles/{id}", target: "full role", needs: []need{readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "GET /api/roles/{id}", target: "administrators", needs: []need{readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "GET /api/roles/{id}", target: "absent role", needs: []need{readRole},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},

	{op: "POST /api/roles/from/{fromId}", target: "bare role", body: `{"name":"new@"}`,
		needs: []need{createRole, readRole},
		want:  "401 401 401 401 401 first 201 403 201 403 403 403"},
	{op: "POST /api/roles/from/{fromId}", target: "full role", body: `{"name":"new@"}`,
		needs: []need{createRole, readRole},
		want:  "401 401 401 401 401 first 201 403 403 403 403 403"},
	{op: "POST /api/roles/from/{fromId}", target: "administrators", body: `{"name":"new@"}`,
		needs: []need{createRole, readRole},
		want:  "401 401 401 401 401 first 201 403 403 403 403 403"},
	{op: "POST /api/roles/from/{fromId}", target: "absent role", body: `{"name":"new@"}`,
		needs: []need{createRole, readRole},
		want:  "401 401 401 401 401 first 404 403 404 403 403 403"},
	{op: "POST /api/roles/from/{fromId}", target: "bare role", body: `{"name":"new@"}`,
		needs: []need{readRole, createRole},
		want:  "401 401 401 401 401 first 201 403 201 403 403 403"},

	{op: "PATCH /api/roles/{id}", target: "bare role", body: `{"description":"x"}`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PATCH /api/roles/{id}", target: "full role", body: `{"description":"x"}`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PATCH /api/roles/{id}", target: "built-in role", body: `{"description":"x"}`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "PATCH /api/roles/{id}", target: "administrators", body: `{"description":"x"}`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "PATCH /api/roles/{id}", target: "absent role", body: `{"description":"x"}`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},

	{op: "PUT /api/roles/{id}/permissions", target: "bare role", body: `[]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "full role", body: `[]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "built-in role", body: `[]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "administrators", body: `[]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "absent role", body: `[]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "bare role",
		body: `[{"entityName":"mail","action":"read","entityIds":null}]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "bare role",
		body: `[{"entityName":"role","action":"read","entityIds":null}]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 200 403 403 404"},
	{op: "PUT /api/roles/{id}/permissions", target: "bare role",
		body: `[{"entityName":"dashboard","action":"read","entityIds":null}]`, needs: []need{editRole, readRole},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},

	{op: "DELETE /api/roles/{id}", target: "bare role", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first 204 403 204 403 204 404"},
	{op: "DELETE /api/roles/{id}", target: "full role", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first 204 403 403 403 403 404"},
	{op: "DELETE /api/roles/{id}", target: "built-in role", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "DELETE /api/roles/{id}", target: "administrators", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first built 403 403 403 403 404"},
	{op: "DELETE /api/roles/{id}", target: "absent role", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},
	{op: "DELETE /api/roles/{id}", target: "held role", needs: []need{deleteRole, readRole},
		want: "401 401 401 401 401 first inuse 403 inuse 403 inuse 404"},
}
