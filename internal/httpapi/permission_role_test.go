package httpapi_test

var rolePermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
}
