package httpapi_test

import "github.com/seed-3a99a2fe/usher/internal/access"

var (
	readLockout  = need{access.EntityLockoutPolicy, access.ActionRead}
	editLockout  = need{access.EntityLockoutPolicy, access.ActionEdit}
	readSettings = need{access.EntityApplicationSettings, access.ActionRead}
	editSettings = need{access.EntityApplicationSettings, access.ActionEdit}
	readLDAP     = need{access.EntityLDAPConfiguration, access.ActionRead}
	editLDAP     = need{access.EntityLDAPConfiguration, access.ActionEdit}
	readSAML     = need{access.EntitySAMLConfiguration, access.ActionRead}
	editSAML     = need{access.EntitySAMLConfiguration, access.ActionEdit}
)

// Where secrets, mail and links go is for role 1 alone: those who hold the
// permission and not the role are refused.
var settingPermissions = []permissionRow{
	//                                                                                      nobody garbage expired out inactive reset admin user only but listed unlisted
	{"GET /api/about", "", ``, nil, "                                                          200 200 200 200 200 200 200 200 200 200 200 200"},

	{"GET /api/preferences", "", ``, nil, "                                                    401 401 401 401 401 first 200 200 200 200 200 200"},
	{"PATCH /api/preferences", "", `{"language":"de"}`, nil, "                                 401 401 401 401 401 first 200 200 200 200 200 200"},

	{"GET /api/lockout-policy", "", ``, []need{readLockout}, "                                 401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/lockout-policy", "", `{"failedAttemptThreshold":5}`, []need{editLockout}, "   401 401 401 401 401 first 200 403 200 403 403 403"},

	{"GET /api/application-settings", "", ``, []need{readSettings}, "                          401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/application-settings", "", `{"logRetentionPeriod":30}`, []need{editSettings}, "401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/application-settings", "", `{"smtpServerAddress":"mail.example.org"}`, []need{editSettings}, "401 401 401 401 401 first 200 403 403 403 403 403"},
	{"PATCH /api/application-settings", "", `{"smtpAccountPassword":"x"}`, []need{editSettings}, "401 401 401 401 401 first 200 403 403 403 403 403"},
	{"PATCH /api/application-settings", "", `{"defaultRoleIds":[2,%d]}`, []need{editSettings, readRole}, "401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/application-settings", "", `{"defaultRoleIds":[1,2]}`, []need{editSettings, readRole}, "401 401 401 401 401 first 200 403 200 403 403 403"},
	{"POST /api/application-settings/test-message", "", ``, []need{editSettings}, "            401 401 401 401 401 first 200 403 403 403 403 403"},

	{"GET /api/server-settings", "", ``, []need{readSettings}, "                               401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/server-settings", "", `{"sessionIdleMinutes":60}`, []need{editSettings}, "    401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/server-settings", "", `{"publicUrl":"https://id.example.org"}`, []need{editSettings}, "401 401 401 401 401 first 200 403 403 403 403 403"},
	{"PATCH /api/server-settings", "", `{"emailSenderName":"x"}`, []need{editSettings}, "      401 401 401 401 401 first 200 403 403 403 403 403"},

	{"GET /api/ldap-configuration", "", ``, []need{readLDAP}, "                                401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/ldap-configuration", "", `{"userSearchBase":"x"}`, []need{editLDAP}, "        401 401 401 401 401 first 200 403 403 403 403 403"},
	{"GET /api/saml-configuration", "", ``, []need{readSAML}, "                                401 401 401 401 401 first 200 403 200 403 403 403"},
	{"PATCH /api/saml-configuration", "", `{"activateCreatedUsers":true}`, []need{editSAML}, " 401 401 401 401 401 first 200 403 403 403 403 403"},
	{"GET /api/saml-configuration/generate-certificate", "", ``, []need{editSAML}, "           401 401 401 401 401 first 200 403 403 403 403 403"},
}
