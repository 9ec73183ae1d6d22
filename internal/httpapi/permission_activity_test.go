package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var readActivity = need{access.EntityActivityLog, access.ActionRead}

var activityPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/activity-log", "plain", ``, []need{readActivity}, "                             401 401 401 401 401 first 200 200 200 403 200 200"},
	{"GET /api/activity-log/export", "plain", ``, []need{readActivity}, "                      401 401 401 401 401 first 200 200 200 403 200 200"},
}
