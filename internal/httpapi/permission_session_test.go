package httpapi_test

var sessionPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
}
