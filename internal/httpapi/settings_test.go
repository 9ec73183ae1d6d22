package httpapi_test

import (
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	settingsJSON = `{"defaultProfileId":1,"defaultRoleIds":[2],"emailSender":"usher@localhost",` +
		`"internalCertificate":null,"keepAuditLog":true,` +
		`"logRetentionPeriod":365,"smtpAccount":null,"smtpAccountPassword":null,"smtpServerAddress":null,` +
		`"smtpServerPort":null,` +
		`"smtpUseStartTLS":true,"tls":false,"userRegistration":false}` + "\n"
	mailSettingsJSON = `{"defaultProfileId":1,"defaultRoleIds":[2],"emailSender":"post@example.org",` +
		`"internalCertificate":null,"keepAuditLog":true,` +
		`"logRetentionPeriod":365,"smtpAccount":"usher","smtpAccountPassword":"********",` +
		`"smtpServerAddress":"mail.example.org","smtpServerPort":465,` +
		`"smtpUseStartTLS":false,"tls":true,"userRegistration":false}` + "\n"
	ldapJSON = `{"allowedGroups":[],"enabled":false,"searchUserDN":null,"searchUserPassword":null,"url":null,` +
		`"userSearchBase":null,"userSearchFilter":null}` + "\n"
	samlJSON = `{"activateCreatedUsers":false,"allowedGroups":[],"assertEndpoint":null,"enabled":false,` +
		`"encryptionCertificate":null,` +
		`"providerLoginUrl":null,"serviceProviderUrl":null,"signatureCertificate":null}` + "\n"
	ldapGroupsJSON = `{"allowedGroups":[{"defaultProfileId":1,"defaultRoleIds":[2],"name":"staff"}],"enabled":true,` +
		`"searchUserDN":null,` +
		`"searchUserPassword":"********","url":"ldaps://directory.example.org","userSearchBase":null,` +
		`"userSearchFilter":"uid={{login}}"}` + "\n"
)

// settingSteps returns the steps of TestAnswers for settings. The steps restore the settings that they change.
func settingSteps(f *fixture) []step {
	admin := &f.admin
	return []step{
		{op: "GET /api/about", status: 200, want: `{"version":"1.2.3"}` + "\n"},
		{op: "GET /api/preferences", token: admin, status: 200, want: `{"language":"en","preferredProfileId":1}` + "\n"},
		{op: "PATCH /api/preferences", token: admin, body: literal(`{"language":"pt-BR"}`), status: 200,
			want: `{"language":"pt-BR","preferredProfileId":1}` + "\n"},
		{op: "GET /api/lockout-policy", token: admin, status: 200,
			want: `{"enabled":true,"failedAttemptPeriod":300,"failedAttemptThreshold":3,"lockoutDuration":300}` + "\n"},
		{op: "PATCH /api/lockout-policy", token: admin, body: literal(`{"failedAttemptThreshold":5,"lockoutDuration":0}`),
			status: 200, want: "null\n"},
		{op: "GET /api/lockout-policy", token: admin, status: 200,
			want: `{"enabled":true,"failedAttemptPeriod":300,"failedAttemptThreshold":5,"lockoutDuration":0}` + "\n"},

		{op: "GET /api/application-settings", token: admin, status: 200, want: settingsJSON},
		{op: "PATCH /api/application-settings", token: admin, status: 200, want: mailSettingsJSON,
			body: literal(`{"smtpServerAddress":"mail.example.org","smtpServerPort":465,"smtpAccount":"usher",` +
				`"smtpAccountPassword":"secret",` +
				`"smtpUseStartTLS":false,"tls":true,"emailSender":"post@example.org","userRegistration":false}`)},
		// Clients may send an answer back as a body: it is valid and changes nothing.
		{op: "PATCH /api/application-settings", token: admin, status: 200, want: mailSettingsJSON,
			body: literal(mailSettingsJSON)},
		{op: "POST /api/application-settings/test-message", token: admin, status: 200,
			want: `{"cause":null,"delivered":true,"recipient":"admin@example.org"}` +
				"\n", after: func(answer) { f.sender.cause = "timed out" }},
		{op: "POST /api/application-settings/test-message", token: admin, status: 200,
			want: `{"cause":"timed out","delivered":false,"recipient":"admin@example.org"}` + "\n"},
		{op: "PATCH /api/application-settings", token: admin, status: 200, want: settingsJSON,
			body: literal(`{"smtpServerAddress":null,"smtpServerPort":null,"smtpAccount":null,"smtpAccountPassword":null,` +
				`"smtpUseStartTLS":true,"tls":false,"emailSender":""}`)},

		{op: "GET /api/server-settings", token: admin, status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":null,"sessionAbsoluteMinutes":43200,"sessionIdleMinutes":720}` + "\n"},
		{op: "PATCH /api/server-settings", token: admin,
			body: literal(`{"publicUrl":"https://id.example.org","sessionIdleMinutes":60}`), status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":"https://id.example.org","sessionAbsoluteMinutes":43200,` +
				`"sessionIdleMinutes":60}` + "\n"},
		{op: "PATCH /api/server-settings", token: admin, body: literal(`{"publicUrl":null,"sessionIdleMinutes":720}`),
			status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":null,"sessionAbsoluteMinutes":43200,"sessionIdleMinutes":720}` +
				"\n"},

		{op: "GET /api/ldap-configuration", token: admin, status: 200, want: ldapJSON},
		{op: "PATCH /api/ldap-configuration", token: admin, status: 200, want: ldapGroupsJSON,
			body: literal(`{"enabled":true,"url":"ldaps://directory.example.org","searchUserPassword":"secret",` +
				`"userSearchFilter":"uid={{login}}",` +
				`"allowedGroups":[{"name":"staff","defaultRoleIds":[2,2],"defaultProfileId":1}]}`)},
		{op: "PATCH /api/ldap-configuration", token: admin, status: 200, want: ldapGroupsJSON, body: literal(ldapGroupsJSON)},
		{op: "PATCH /api/ldap-configuration", token: admin, status: 200, want: ldapJSON,
			body: literal(`{"enabled":false,"url":null,"searchUserPassword":null,"userSearchFilter":null,` +
				`"allowedGroups":null}`)},
		{op: "GET /api/saml-configuration", token: admin, status: 200, want: samlJSON},
		{op: "PATCH /api/saml-configuration", token: admin, body: literal(`{"activateCreatedUsers":true}`), status: 200,
			want: strings.Replace(samlJSON, `"activateCreatedUsers":false`, `"activateCreatedUsers":true`, 1)},
		{op: "GET /api/saml-configuration/generate-certificate", token: admin, status: 200, want: "*"},
	}
}

// TestSecretsOfSettingsStaySecret sets secrets, such as the password of the mail server. No answer, log line, entry of
// the activity log or file of the database may contain one in clear.
func TestSecretsOfSettingsStaySecret(t *testing.T) {
	f := newFixture(t)
	const smtp, ldap, refused = `Never-"shown"-1`, `Never-"shown"-2`, `Never-"shown"-3`
	var bodies []string
	request := func(method, path string, body map[string]any) answer {
		t.Helper()
		c := call{method: method, path: path, token: f.admin}
		if body != nil {
			c.body = jsonOf(body)
		}
		a := f.do(c)
		bodies = append(bodies, a.body)
		return a
	}
	type object = map[string]any
	const application, directory = "/api/application-settings", "/api/ldap-configuration"
	request("PATCH", application, object{"smtpAccountPassword": secret.Mask}).want(t, 400, account.CodeInvalid)
	request("PATCH", application, object{"smtpServerAddress": "mail.example.org", "smtpAccount": "usher",
		"smtpAccountPassword": smtp})
	request("PATCH", directory, object{"url": "ldaps://directory.example.org", "searchUserPassword": ldap})
	request("PATCH", application, object{"smtpAccountPassword": refused, "tls": true}).want(t, 400, account.CodeInvalid)
	request("PATCH", application, object{"smtpAccountPassword": []any{refused}}).want(t, 400, account.CodeInvalid)
	unknown := object{"smtpAccountPassword": refused, "unknown": refused}
	request("PATCH", application, unknown).want(t, 400, account.CodeInvalid)
	request("PATCH", directory, object{"searchUserPassword": refused, "url": refused}).want(t, 400, account.CodeInvalid)
	request("GET", application, nil)
	request("GET", directory, nil)
	f.sender.cause = "could not connect"
	request("POST", application+"/test-message", nil)
	if got := f.sender.routes[0].Server.Password.Reveal(); got != smtp {
		t.Errorf("the mail server receives the password %q", got)
	}
	certificate := request("GET", "/api/saml-configuration/generate-certificate", nil)
	if certificate.status != 200 || strings.Contains(certificate.body, "PRIVATE") {
		t.Errorf("the certificate is %s", certificate.body)
	}
	request("GET", "/api/saml-configuration", nil)
	f.store.failWith(func(string) error { return errDriver })
	request("PATCH", application, object{"smtpAccountPassword": refused})
	f.store.failWith(nil)
	request("PATCH", application, object{"smtpServerAddress": "mail.example.net", "smtpAccountPassword": secret.Mask})

	outputs := map[string]string{
		"the log": f.log.String(), "the metrics": f.exposition(), "an answer": strings.Join(bodies, "\n"),
		"the database": string(f.database.Content()),
	}
	if !strings.Contains(outputs["the database"], `{"field":"smtpAccountPassword","to":"cleared"}`) {
		t.Error("the activity log lacks the removal of the password")
	}
	for _, text := range []string{smtp, ldap, refused, "PRIVATE KEY"} {
		for _, form := range encodings(text) {
			for output, content := range outputs {
				if strings.Contains(content, form) {
					t.Errorf("%s has %s", output, form)
				}
			}
		}
	}
}
