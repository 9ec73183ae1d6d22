package httpapi_test

var activityPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
}
