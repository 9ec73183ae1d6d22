package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readKey   = need{access.EntityAPIKey, access.ActionRead}
	createKey = need{access.EntityAPIKey, access.ActionCreate}
	deleteKey = need{access.EntityAPIKey, access.ActionDelete}
)

var keyPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/api-key", target: "self", needs: []need{readKey},
		want: "401 401 401 401 401 first none none none 403 none 403"},
	{op: "POST /api/api-key", target: "self", needs: []need{createKey},
		want: "401 401 401 401 401 first 200 200 200 403 200 403"},

	{op: "GET /api/keys", target: "self's list", needs: []need{readKey},
		want: "401 401 401 401 401 first 200 200 200 403 200 404"},
	{op: "GET /api/keys", target: "member's list", needs: []need{readKey},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/keys", target: "administrator's list", needs: []need{readKey},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/keys", target: "absent's list", needs: []need{readKey},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},
	{op: "POST /api/keys", target: "self", body: `{"name":"n"}`, needs: []need{createKey},
		want: "401 401 401 401 401 first 201 201 201 403 201 403"},

	{op: "DELETE /api/keys/{id}", target: "self's key", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 204 204 403 204 404"},
	{op: "DELETE /api/keys/{id}", target: "plain's key", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/keys/{id}", target: "plain's key", needs: []need{deleteKey, readKey},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/keys/{id}", target: "member's key", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/keys/{id}", target: "administrator's key", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/keys/{id}", target: "absent", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},

	{op: "DELETE /api/keys", target: "self's list", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 204 204 403 204 404"},
	{op: "DELETE /api/keys", target: "plain's list", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/keys", target: "member's list", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/keys", target: "administrator's list", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/keys", target: "absent's list", needs: []need{deleteKey},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},
}
