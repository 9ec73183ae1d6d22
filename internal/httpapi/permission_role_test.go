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

// roleTarget makes a role to be the target of a row: a "bare" one permits nothing,
// a "full" one everything, and a "held" one, which is bare, somebody has.
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
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/roles", "", ``, []need{readRole}, "                                             401 401 401 401 401 first 200 403 200 403 200 200"},
	{"GET /api/roles/user-creation-defaults", "", ``, []need{readRole}, "                      401 401 401 401 401 first 200 403 200 403 200 200"},
	{"POST /api/roles", "", `[{"name":"new@","description":""}]`, []need{createRole}, "        401 401 401 401 401 first 201 403 201 403 201 201"},

	{"GET /api/roles/{id}", "bare role", ``, []need{readRole}, "                               401 401 401 401 401 first 200 403 200 403 200 404"},
	{"GET /api/roles/{id}", "full role", ``, []need{readRole}, "                               401 401 401 401 401 first 200 403 200 403 200 404"},
	{"GET /api/roles/{id}", "administrators", ``, []need{readRole}, "                          401 401 401 401 401 first 200 403 200 403 200 404"},
	{"GET /api/roles/{id}", "absent role", ``, []need{readRole}, "                                  401 401 401 401 401 first 404 403 404 403 404 404"},

	{"POST /api/roles/from/{fromId}", "bare role", `{"name":"new@"}`, []need{createRole, readRole}, "401 401 401 401 401 first 201 403 201 403 403 403"},
	{"POST /api/roles/from/{fromId}", "full role", `{"name":"new@"}`, []need{createRole, readRole}, "401 401 401 401 401 first 201 403 403 403 403 403"},
	{"POST /api/roles/from/{fromId}", "administrators", `{"name":"new@"}`, []need{createRole, readRole}, "401 401 401 401 401 first 201 403 403 403 403 403"},
	{"POST /api/roles/from/{fromId}", "absent role", `{"name":"new@"}`, []need{createRole, readRole}, "401 401 401 401 401 first 404 403 404 403 403 403"},
	{"POST /api/roles/from/{fromId}", "bare role", `{"name":"new@"}`, []need{readRole, createRole}, "401 401 401 401 401 first 201 403 201 403 403 403"},

	{"PATCH /api/roles/{id}", "bare role", `{"description":"x"}`, []need{editRole, readRole}, "401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PATCH /api/roles/{id}", "full role", `{"description":"x"}`, []need{editRole, readRole}, "401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PATCH /api/roles/{id}", "built-in role", `{"description":"x"}`, []need{editRole, readRole}, "401 401 401 401 401 first built 403 403 403 403 404"},
	{"PATCH /api/roles/{id}", "administrators", `{"description":"x"}`, []need{editRole, readRole}, "401 401 401 401 401 first built 403 403 403 403 404"},
	{"PATCH /api/roles/{id}", "absent role", `{"description":"x"}`, []need{editRole, readRole}, "   401 401 401 401 401 first 404 403 404 403 404 404"},

	{"PUT /api/roles/{id}/permissions", "bare role", `[]`, []need{editRole, readRole}, "       401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PUT /api/roles/{id}/permissions", "full role", `[]`, []need{editRole, readRole}, "       401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/roles/{id}/permissions", "built-in role", `[]`, []need{editRole, readRole}, "   401 401 401 401 401 first built 403 403 403 403 404"},
	{"PUT /api/roles/{id}/permissions", "administrators", `[]`, []need{editRole, readRole}, "  401 401 401 401 401 first built 403 403 403 403 404"},
	{"PUT /api/roles/{id}/permissions", "absent role", `[]`, []need{editRole, readRole}, "          401 401 401 401 401 first 404 403 404 403 404 404"},
	{"PUT /api/roles/{id}/permissions", "bare role", `[{"entityName":"mail","action":"read","entityIds":null}]`, []need{editRole, readRole}, "401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/roles/{id}/permissions", "bare role", `[{"entityName":"role","action":"read","entityIds":null}]`, []need{editRole, readRole}, "401 401 401 401 401 first 200 403 200 403 403 404"},
	{"PUT /api/roles/{id}/permissions", "bare role", `[{"entityName":"dashboard","action":"read","entityIds":null}]`, []need{editRole, readRole}, "401 401 401 401 401 first 200 403 403 403 403 404"},

	{"DELETE /api/roles/{id}", "bare role", ``, []need{deleteRole, readRole}, "                401 401 401 401 401 first 204 403 204 403 204 404"},
	{"DELETE /api/roles/{id}", "full role", ``, []need{deleteRole, readRole}, "                401 401 401 401 401 first 204 403 403 403 403 404"},
	{"DELETE /api/roles/{id}", "built-in role", ``, []need{deleteRole, readRole}, "            401 401 401 401 401 first built 403 403 403 403 404"},
	{"DELETE /api/roles/{id}", "administrators", ``, []need{deleteRole, readRole}, "           401 401 401 401 401 first built 403 403 403 403 404"},
	{"DELETE /api/roles/{id}", "absent role", ``, []need{deleteRole, readRole}, "                   401 401 401 401 401 first 404 403 404 403 404 404"},
	{"DELETE /api/roles/{id}", "held role", ``, []need{deleteRole, readRole}, "                401 401 401 401 401 first inuse 403 inuse 403 inuse 404"},
}
