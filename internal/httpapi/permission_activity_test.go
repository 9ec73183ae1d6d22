package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var readActivity = need{access.EntityActivityLog, access.ActionRead}

var activityPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/activity-log", target: "plain", needs: []need{readActivity},
		want: "401 401 401 401 401 first 200 200 200 403 200 200"},
	{op: "GET /api/activity-log/export", target: "plain", needs: []need{readActivity},
		want: "401 401 401 401 401 first 200 200 200 403 200 200"},
}
