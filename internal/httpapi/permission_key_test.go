package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readKey   = need{access.EntityAPIKey, access.ActionRead}
	createKey = need{access.EntityAPIKey, access.ActionCreate}
	deleteKey = need{access.EntityAPIKey, access.ActionDelete}
)

var keyPermissions = []permissionRow{
	//                                                                         nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/api-key", "self", ``, []need{readKey}, "                       401 401 401 401 401 first none none none 403 none 403"},
	{"POST /api/api-key", "self", ``, []need{createKey}, "                    401 401 401 401 401 first 200 200 200 403 200 403"},

	{"GET /api/keys", "self's list", ``, []need{readKey}, "                   401 401 401 401 401 first 200 200 200 403 200 404"},
	{"GET /api/keys", "member's list", ``, []need{readKey}, "                 401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/keys", "administrator's list", ``, []need{readKey}, "          401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/keys", "absent's list", ``, []need{readKey}, "                 401 401 401 401 401 first 404 404 404 403 404 404"},
	{"POST /api/keys", "self", `{"name":"n"}`, []need{createKey}, "           401 401 401 401 401 first 201 201 201 403 201 403"},

	{"DELETE /api/keys/{id}", "self's key", ``, []need{deleteKey}, "          401 401 401 401 401 first 204 204 204 403 204 404"},
	{"DELETE /api/keys/{id}", "plain's key", ``, []need{deleteKey}, "         401 401 401 401 401 first 204 404 204 403 204 404"},
	{"DELETE /api/keys/{id}", "plain's key", ``, []need{deleteKey, readKey}, "401 401 401 401 401 first 204 404 204 403 204 404"},
	{"DELETE /api/keys/{id}", "member's key", ``, []need{deleteKey}, "        401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/keys/{id}", "administrator's key", ``, []need{deleteKey}, " 401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/keys/{id}", "absent", ``, []need{deleteKey}, "              401 401 401 401 401 first 404 404 404 403 404 404"},
}
