package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readSession   = need{access.EntitySession, access.ActionRead}
	deleteSession = need{access.EntitySession, access.ActionDelete}
)

var sessionPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/sessions", target: "self's list", needs: []need{readSession},
		want: "401 401 401 401 401 first 200 200 200 403 200 404"},
	{op: "GET /api/sessions", target: "member's list", needs: []need{readSession},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/sessions", target: "administrator's list", needs: []need{readSession},
		want: "401 401 401 401 401 first 200 404 200 403 200 404"},
	{op: "GET /api/sessions", target: "absent's list", needs: []need{readSession},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},

	{op: "DELETE /api/sessions", target: "self's list", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 204 204 403 204 404"},
	{op: "DELETE /api/sessions", target: "plain's list", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/sessions", target: "member's list", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/sessions", target: "administrator's list", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/sessions", target: "absent's list", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},

	{op: "DELETE /api/sessions/{id}", target: "self's session", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 204 204 403 204 404"},
	{op: "DELETE /api/sessions/{id}", target: "plain's session", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/sessions/{id}", target: "plain's session", needs: []need{deleteSession, readSession},
		want: "401 401 401 401 401 first 204 404 204 403 204 404"},
	{op: "DELETE /api/sessions/{id}", target: "member's session", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/sessions/{id}", target: "administrator's session", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 204 404 403 403 403 404"},
	{op: "DELETE /api/sessions/{id}", target: "absent", needs: []need{deleteSession},
		want: "401 401 401 401 401 first 404 404 404 403 404 404"},
}
