package httpapi_test

var mailPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/mail", needs: []need{readMail},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "GET /api/mail/{id}", needs: []need{readMail},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "GET /api/mail/{id}", target: "absent", needs: []need{readMail},
		want: "401 401 401 401 401 first 404 403 404 403 403 403"},
}
