package httpapi_test

var mailPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/mail", "", ``, []need{readMail}, "                                              401 401 401 401 401 first 200 403 200 403 403 403"},
	{"GET /api/mail/{id}", "", ``, []need{readMail}, "                                     401 401 401 401 401 first 200 403 200 403 403 403"},
	{"GET /api/mail/{id}", "absent", ``, []need{readMail}, "                                   401 401 401 401 401 first 404 403 404 403 403 403"},
}
