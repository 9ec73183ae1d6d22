package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readSession   = need{access.EntitySession, access.ActionRead}
	deleteSession = need{access.EntitySession, access.ActionDelete}
)

var sessionPermissions = []permissionRow{
	//                                                                                         nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/sessions", "self's list", ``, []need{readSession}, "                           401 401 401 401 401 first 200 200 200 403 200 404"},
	{"GET /api/sessions", "member's list", ``, []need{readSession}, "                         401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/sessions", "administrator's list", ``, []need{readSession}, "                  401 401 401 401 401 first 200 404 200 403 200 404"},
	{"GET /api/sessions", "absent's list", ``, []need{readSession}, "                         401 401 401 401 401 first 404 404 404 403 404 404"},

	{"DELETE /api/sessions", "self's list", ``, []need{deleteSession}, "                      401 401 401 401 401 first 204 204 204 403 204 404"},
	{"DELETE /api/sessions", "plain's list", ``, []need{deleteSession}, "                     401 401 401 401 401 first 204 404 204 403 204 404"},
	{"DELETE /api/sessions", "member's list", ``, []need{deleteSession}, "                    401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/sessions", "administrator's list", ``, []need{deleteSession}, "             401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/sessions", "absent's list", ``, []need{deleteSession}, "                    401 401 401 401 401 first 404 404 404 403 404 404"},

	{"DELETE /api/sessions/{id}", "self's session", ``, []need{deleteSession}, "              401 401 401 401 401 first 204 204 204 403 204 404"},
	{"DELETE /api/sessions/{id}", "plain's session", ``, []need{deleteSession}, "             401 401 401 401 401 first 204 404 204 403 204 404"},
	{"DELETE /api/sessions/{id}", "plain's session", ``, []need{deleteSession, readSession}, "401 401 401 401 401 first 204 404 204 403 204 404"},
	{"DELETE /api/sessions/{id}", "member's session", ``, []need{deleteSession}, "            401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/sessions/{id}", "administrator's session", ``, []need{deleteSession}, "     401 401 401 401 401 first 204 404 403 403 403 404"},
	{"DELETE /api/sessions/{id}", "absent", ``, []need{deleteSession}, "                      401 401 401 401 401 first 404 404 404 403 404 404"},
}
