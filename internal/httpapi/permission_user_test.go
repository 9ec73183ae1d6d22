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
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "POST /api/login", body: `{"email":"admin@example.org","password":"Correct-Horse-1"}`,
		want: "200 200 200 200 200 200 200 200 200 200 200 200"},
	{op: "POST /api/users/forgotten-password", body: `{"email":"admin@example.org"}`,
		want: "200 200 200 200 200 200 200 200 200 200 200 200"},
	{op: "POST /api/users/retrieve-password", body: `{"token":"x","newPassword":"Correct-Horse-2"}`,
		want: "token token token token token token token token token token token token"},
	{op: "POST /api/logout",
		want: "401 401 401 401 401 204 204 204 204 204 204 204"},
	{op: "GET /api/users/whoami",
		want: "401 401 401 401 401 200 200 200 200 200 200 200"},
	{op: "PATCH /api/users/password", body: `{"oldPassword":"Correct-Horse-1","newPassword":"Correct-Horse-2"}`,
		want: "401 401 401 401 401 200 200 200 200 200 200 200"},

	{op: "GET /api/users", target: "plain", needs: []need{readUser},
		want: "401 401 401 401 401 first 200 200 200 403 200 200"},
	{op: "POST /api/users", target: "plain",
		body: `[{"name":"n","email":"new@example.org","password":"Correct-Horse-1"}]`, needs: []need{createUser},
		want: "401 401 401 401 401 first 201 403 201 403 403 403"},

	{op: "GET /api/users/{id}", target: "plain", needs: []need{readUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/users/{id}", target: "administrator", needs: []need{readUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/users/{id}", target: "self", needs: []need{readUser},
		want: "401 401 401 401 401 first 200 200 200 403 200 404"},
	{op: "GET /api/users/{id}", target: "absent", needs: []need{readUser},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},

	{op: "PATCH /api/users/{id}", target: "plain", body: `{"name":"x"}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "administrator", body: `{"name":"x"}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "self", body: `{"name":"x"}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 200 200 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "absent", body: `{"name":"x"}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"name":"x"}`, needs: []need{editUser, readUser},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},

	{op: "PATCH /api/users/{id}", target: "plain", body: `{"active":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"lockedOut":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"email":"new@example.org"}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"password":"Correct-Horse-2"}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PATCH /api/users/{id}", target: "member", body: `{"active":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PATCH /api/users/{id}", target: "administrator", body: `{"active":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PATCH /api/users/{id}", target: "administrator", body: `{"password":"Correct-Horse-2"}`,
		needs: []need{editAccess},
		want:  "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PATCH /api/users/{id}", target: "self", body: `{"active":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 403 403 403 403 403 403"},
	{op: "PATCH /api/users/{id}", target: "self", body: `{"lockedOut":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 403 403 403 403 403 403"},
	{op: "PATCH /api/users/{id}", target: "self", body: `{"email":"new@example.org"}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 403 403 403 403 403 403"},
	{op: "PATCH /api/users/{id}", target: "self", body: `{"password":"Correct-Horse-2"}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first own own own own own own"},
	{op: "PATCH /api/users/{id}", target: "absent", body: `{"active":false}`, needs: []need{editAccess},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"name":"x","active":false}`, needs: []need{editUser},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "PATCH /api/users/{id}", target: "plain", body: `{"name":"x","active":false}`,
		needs: []need{editAccess, editUser},
		want:  "401 401 401 401 401 first 200 403 200 403 200 404"},

	{op: "DELETE /api/users/{id}", target: "plain", needs: []need{deleteUser},
		want: "401 401 401 401 401 first 204 403 204 403 204 404"},
	{op: "DELETE /api/users/{id}", target: "member", needs: []need{deleteUser},
		want: "401 401 401 401 401 first 204 403 403 403 403 404"},
	{op: "DELETE /api/users/{id}", target: "administrator", needs: []need{deleteUser},
		want: "401 401 401 401 401 first 204 403 403 403 403 404"},
	{op: "DELETE /api/users/{id}", target: "self", needs: []need{deleteUser},
		want: "401 401 401 401 401 first 204 403 204 403 204 404"},
	{op: "DELETE /api/users/{id}", target: "absent", needs: []need{deleteUser},
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},

	{op: "PUT /api/users/{id}/roles", target: "plain", body: `{"roles":[%d]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 200 403 200 403 200 404"},
	{op: "PUT /api/users/{id}/roles", target: "member", body: `{"roles":[%d]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/users/{id}/roles", target: "administrator", body: `{"roles":[%d]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/users/{id}/roles", target: "absent", body: `{"roles":[%d]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 404 403 404 403 404 404"},
	{op: "PUT /api/users/{id}/roles", target: "plain", body: `{"roles":[1]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/users/{id}/roles", target: "self", body: `{"roles":[1]}`, needs: rolesNeed,
		want: "401 401 401 401 401 first 200 403 403 403 403 404"},
	{op: "PUT /api/users/{id}/roles", target: "plain", body: `{"roles":[%d]}`,
		needs: []need{assignRole, readRole, editAccess},
		want:  "401 401 401 401 401 first 200 403 200 403 200 404"},
}
