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

// settingPermissions are the rows of the permission table for settings. Some settings decide where secrets, mail and
// links are sent, such as the address of the mail server. Only role 1, Administrator, may change these: the permission
// to edit settings is not enough.
var settingPermissions = []permissionRow{
	// Columns of want, one for each caller (see callers):
	// anonymous, garbage, expired, signed out, inactive, reset, admin, user, minimal, lacking, listed, unlisted
	{op: "GET /api/about",
		want: "200 200 200 200 200 200 200 200 200 200 200 200"},

	{op: "GET /api/preferences",
		want: "401 401 401 401 401 first 200 200 200 200 200 200"},
	{op: "PATCH /api/preferences", body: `{"language":"de"}`,
		want: "401 401 401 401 401 first 200 200 200 200 200 200"},

	{op: "GET /api/lockout-policy", needs: []need{readLockout},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/lockout-policy", body: `{"failedAttemptThreshold":5}`, needs: []need{editLockout},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},

	{op: "GET /api/application-settings", needs: []need{readSettings},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/application-settings", body: `{"logRetentionPeriod":30}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/application-settings", body: `{"smtpServerAddress":"mail.example.org"}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "PATCH /api/application-settings", body: `{"smtpAccountPassword":"x"}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "PATCH /api/application-settings", body: `{"defaultRoleIds":[2,%d]}`, needs: []need{editSettings, readRole},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/application-settings", body: `{"defaultRoleIds":[1,2]}`, needs: []need{editSettings, readRole},
		want: "401 401 401 401 401 first 400 403 403 403 403 403"},
	{op: "POST /api/application-settings/test-message", needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},

	{op: "GET /api/server-settings", needs: []need{readSettings},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/server-settings", body: `{"sessionIdleMinutes":60}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/server-settings", body: `{"publicUrl":"https://id.example.org"}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "PATCH /api/server-settings", body: `{"emailSenderName":"x"}`, needs: []need{editSettings},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},

	{op: "GET /api/ldap-configuration", needs: []need{readLDAP},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/ldap-configuration", body: `{"userSearchBase":"x"}`, needs: []need{editLDAP},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "GET /api/saml-configuration", needs: []need{readSAML},
		want: "401 401 401 401 401 first 200 403 200 403 403 403"},
	{op: "PATCH /api/saml-configuration", body: `{"activateCreatedUsers":true}`, needs: []need{editSAML},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
	{op: "GET /api/saml-configuration/generate-certificate", needs: []need{editSAML},
		want: "401 401 401 401 401 first 200 403 403 403 403 403"},
}
