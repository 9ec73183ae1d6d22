package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readUser   = need{access.EntityUser, access.ActionRead}
	createUser = need{access.EntityUser, access.ActionCreate}
	editUser   = need{access.EntityUser, access.ActionEdit}
	editAccess = need{access.EntityUser, access.ActionEditAccess}
	deleteUser = need{access.EntityUser, access.ActionDelete}
	readMail   = need{access.EntityMail, access.ActionRead}
	readRole   = need{access.EntityRole, access.ActionRead}
	assignRole = need{access.EntityRole, access.ActionAssign}
)

var rolesNeed = []need{editAccess, assignRole, readRole}

var userPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"POST /api/login", "", `{"email":"admin@example.org","password":"Correct-Horse-1"}`, nil, "200 200 200 200 200 200 200 200 200 200 200 200"},
	{"POST /api/users/forgotten-password", "", `{"email":"admin@example.org"}`, nil, "         200 200 200 200 200 200 200 200 200 200 200 200"},
	{"POST /api/users/retrieve-password", "", `{"token":"x","newPassword":"Correct-Horse-2"}`, nil, "token token token token token token token token token token token token"},
	{"POST /api/logout", "", ``, nil, "                                                        401 401 401 401 401 204 204 204 204 204 204 204"},
	{"GET /api/users/whoami", "", ``, nil, "                                                   401 401 401 401 401 200 200 200 200 200 200 200"},
	{"PATCH /api/users/password", "", `{"oldPassword":"Correct-Horse-1","newPassword":"Correct-Horse-2"}`, nil, "401 401 401 401 401 200 200 200 200 200 200 200"},

	{"GET /api/users", "plain", ``, []need{readUser}, "                                        401 401 401 401 401 first 200 200 200 403 200 200"},
	{"POST /api/users", "plain", `[{"name":"n","email":"new@example.org","password":"Correct-Horse-1"}]`, []need{createUser}, "401 401 401 401 401 first 201 403 201 403 403 403"},

	{"GET /api/users/{id}", "plain", ``, []need{readUser}, "                                   401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/users/{id}", "administrator", ``, []need{readUser}, "                           401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/users/{id}", "self", ``, []need{readUser}, "                                    401 401 401 401 401 first 200 200 200 403 200 404"},
	{"GET /api/users/{id}", "absent", ``, []need{readUser}, "                                  401 401 401 401 401 first 404 404 404 403 404 404"},

	{"PATCH /api/users/{id}", "plain", `{"name":"x"}`, []need{editUser}, "                     401 401 401 401 401 first 200 404 200 403 200 404"},
	{"PATCH /api/users/{id}", "administrator", `{"name":"x"}`, []need{editUser}, "             401 401 401 401 401 first 200 404 200 403 200 404"},
	{"PATCH /api/users/{id}", "self", `{"name":"x"}`, []need{editUser}, "                      401 401 401 401 401 first 200 200 200 403 200 404"},
	{"PATCH /api/users/{id}", "absent", `{"name":"x"}`, []need{editUser}, "                    401 401 401 401 401 first 404 404 404 403 404 404"},
	{"PATCH /api/users/{id}", "plain", `{}`, []need{editUser}, "                               401 401 401 401 401 first 200 404 200 403 200 404"},
	{"PATCH /api/users/{id}", "plain", `{"name":"x"}`, []need{editUser, readUser}, "           401 401 401 401 401 first 200 404 200 403 200 404"},

	{"PATCH /api/users/{id}", "plain", `{"active":false}`, []need{editAccess}, "               401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PATCH /api/users/{id}", "plain", `{"lockedOut":false}`, []need{editAccess}, "            401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PATCH /api/users/{id}", "plain", `{"email":"new@example.org"}`, []need{editAccess}, "      401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PATCH /api/users/{id}", "plain", `{"password":"Correct-Horse-2"}`, []need{editAccess}, " 401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PATCH /api/users/{id}", "member", `{"active":false}`, []need{editAccess}, "              401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PATCH /api/users/{id}", "administrator", `{"active":false}`, []need{editAccess}, "       401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PATCH /api/users/{id}", "administrator", `{"password":"Correct-Horse-2"}`, []need{editAccess}, "401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PATCH /api/users/{id}", "self", `{"active":false}`, []need{editAccess}, "                401 401 401 401 401 first 403 403 403 403 403 403"},
	{"PATCH /api/users/{id}", "self", `{"lockedOut":false}`, []need{editAccess}, "             401 401 401 401 401 first 403 403 403 403 403 403"},
	{"PATCH /api/users/{id}", "self", `{"email":"new@example.org"}`, []need{editAccess}, "       401 401 401 401 401 first 403 403 403 403 403 403"},
	{"PATCH /api/users/{id}", "self", `{"password":"Correct-Horse-2"}`, []need{editAccess}, "  401 401 401 401 401 first own own own own own own"},
	{"PATCH /api/users/{id}", "absent", `{"active":false}`, []need{editAccess}, "              401 401 401 401 401 first 404 403 404 403 404 404"},
	{"PATCH /api/users/{id}", "plain", `{"name":"x","active":false}`, []need{editUser}, "      401 401 401 401 401 first 200 403 403 403 403 403"},
	{"PATCH /api/users/{id}", "plain", `{"name":"x","active":false}`, []need{editAccess, editUser}, "401 401 401 401 401 first 200 403 200 403 200 404"},

	{"DELETE /api/users/{id}", "plain", ``, []need{deleteUser}, "                              401 401 401 401 401 first 204 403 204 403 204 404"},
	{"DELETE /api/users/{id}", "member", ``, []need{deleteUser}, "                             401 401 401 401 401 first 204 403 403 403 403 404"},
	{"DELETE /api/users/{id}", "administrator", ``, []need{deleteUser}, "                      401 401 401 401 401 first 204 403 403 403 403 404"},
	{"DELETE /api/users/{id}", "self", ``, []need{deleteUser}, "                               401 401 401 401 401 first 204 403 204 403 204 404"},
	{"DELETE /api/users/{id}", "absent", ``, []need{deleteUser}, "                             401 401 401 401 401 first 404 403 404 403 404 404"},

	{"PUT /api/users/{id}/roles", "plain", `{"roles":[%d]}`, rolesNeed, "                      401 401 401 401 401 first 200 403 200 403 200 404"},
	{"PUT /api/users/{id}/roles", "member", `{"roles":[%d]}`, rolesNeed, "                     401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/users/{id}/roles", "administrator", `{"roles":[%d]}`, rolesNeed, "              401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/users/{id}/roles", "absent", `{"roles":[%d]}`, rolesNeed, "                     401 401 401 401 401 first 404 403 404 403 404 404"},
	{"PUT /api/users/{id}/roles", "plain", `{"roles":[1]}`, rolesNeed, "                       401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/users/{id}/roles", "self", `{"roles":[1]}`, rolesNeed, "                        401 401 401 401 401 first 200 403 403 403 403 404"},
	{"PUT /api/users/{id}/roles", "plain", `{"roles":[%d]}`, []need{assignRole, readRole, editAccess}, "401 401 401 401 401 first 200 403 200 403 200 404"},
}
