package httpapi_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

const (
	settingsJSON = `{"defaultProfileId":1,"defaultRoleIds":[2],"emailSender":"usher@localhost","internalCertificate":null,"keepAuditLog":true,` +
		`"logRetentionPeriod":365,"smtpAccount":null,"smtpAccountPassword":null,"smtpServerAddress":null,"smtpServerPort":null,` +
		`"smtpUseStartTLS":true,"tls":false,"userRegistration":false}` + "\n"
	mailSettingsJSON = `{"defaultProfileId":1,"defaultRoleIds":[2],"emailSender":"post@example.org","internalCertificate":null,"keepAuditLog":true,` +
		`"logRetentionPeriod":365,"smtpAccount":"usher","smtpAccountPassword":"********","smtpServerAddress":"mail.example.org","smtpServerPort":465,` +
		`"smtpUseStartTLS":false,"tls":true,"userRegistration":false}` + "\n"
	ldapJSON = `{"allowedGroups":[],"enabled":false,"searchUserDN":null,"searchUserPassword":null,"url":null,"userSearchBase":null,"userSearchFilter":null}` + "\n"
	samlJSON = `{"activateCreatedUsers":false,"allowedGroups":[],"assertEndpoint":null,"enabled":false,"encryptionCertificate":null,` +
		`"providerLoginUrl":null,"serviceProviderUrl":null,"signatureCertificate":null}` + "\n"
	ldapGroupsJSON = `{"allowedGroups":[{"defaultProfileId":1,"defaultRoleIds":[2],"name":"staff"}],"enabled":true,"searchUserDN":null,` +
		`"searchUserPassword":"********","url":"ldaps://directory.example.org","userSearchBase":null,"userSearchFilter":"uid={{login}}"}` + "\n"
)

// settingSteps is the part of TestAnswers that is about settings. It leaves them
// as they were.
func settingSteps(f *fixture) []step {
	by := &f.admin
	return []step{
		{op: "GET /api/about", status: 200, want: `{"version":"1.2.3"}` + "\n"},
		{op: "GET /api/preferences", by: by, status: 200, want: `{"language":"en","preferredProfileId":1}` + "\n"},
		{op: "PATCH /api/preferences", by: by, body: text(`{"language":"pt-BR"}`), status: 200, want: `{"language":"pt-BR","preferredProfileId":1}` + "\n"},
		{op: "GET /api/lockout-policy", by: by, status: 200,
			want: `{"enabled":true,"failedAttemptPeriod":300,"failedAttemptThreshold":3,"lockoutDuration":300}` + "\n"},
		{op: "PATCH /api/lockout-policy", by: by, body: text(`{"failedAttemptThreshold":5,"lockoutDuration":0}`), status: 200, want: "null\n"},
		{op: "GET /api/lockout-policy", by: by, status: 200,
			want: `{"enabled":true,"failedAttemptPeriod":300,"failedAttemptThreshold":5,"lockoutDuration":0}` + "\n"},

		{op: "GET /api/application-settings", by: by, status: 200, want: settingsJSON},
		{op: "PATCH /api/application-settings", by: by, status: 200, want: mailSettingsJSON,
			body: text(`{"smtpServerAddress":"mail.example.org","smtpServerPort":465,"smtpAccount":"usher","smtpAccountPassword":"secret",` +
				`"smtpUseStartTLS":false,"tls":true,"emailSender":"post@example.org","userRegistration":false}`)},
		{op: "PATCH /api/application-settings", by: by, status: 200, want: mailSettingsJSON, body: text(mailSettingsJSON)}, // what was shown
		{op: "POST /api/application-settings/test-message", by: by, status: 200,
			want: `{"cause":null,"delivered":true,"recipient":"admin@example.org"}` + "\n", after: func(answer) { f.courier.cause = "timed out" }},
		{op: "POST /api/application-settings/test-message", by: by, status: 200,
			want: `{"cause":"timed out","delivered":false,"recipient":"admin@example.org"}` + "\n"},
		{op: "PATCH /api/application-settings", by: by, status: 200, want: settingsJSON,
			body: text(`{"smtpServerAddress":null,"smtpServerPort":null,"smtpAccount":null,"smtpAccountPassword":null,"smtpUseStartTLS":true,"tls":false,"emailSender":""}`)},

		{op: "GET /api/server-settings", by: by, status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":null,"sessionAbsoluteMinutes":43200,"sessionIdleMinutes":720}` + "\n"},
		{op: "PATCH /api/server-settings", by: by, body: text(`{"publicUrl":"https://id.example.org","sessionIdleMinutes":60}`), status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":"https://id.example.org","sessionAbsoluteMinutes":43200,"sessionIdleMinutes":60}` + "\n"},
		{op: "PATCH /api/server-settings", by: by, body: text(`{"publicUrl":null,"sessionIdleMinutes":720}`), status: 200,
			want: `{"emailSenderName":"Usher","publicUrl":null,"sessionAbsoluteMinutes":43200,"sessionIdleMinutes":720}` + "\n"},

		{op: "GET /api/ldap-configuration", by: by, status: 200, want: ldapJSON},
		{op: "PATCH /api/ldap-configuration", by: by, status: 200, want: ldapGroupsJSON,
			body: text(`{"enabled":true,"url":"ldaps://directory.example.org","searchUserPassword":"secret","userSearchFilter":"uid={{login}}",` +
				`"allowedGroups":[{"name":"staff","defaultRoleIds":[2,2],"defaultProfileId":1}]}`)},
		{op: "PATCH /api/ldap-configuration", by: by, status: 200, want: ldapGroupsJSON, body: text(ldapGroupsJSON)},
		{op: "PATCH /api/ldap-configuration", by: by, status: 200, want: ldapJSON,
			body: text(`{"enabled":false,"url":null,"searchUserPassword":null,"userSearchFilter":null,"allowedGroups":null}`)},
		{op: "GET /api/saml-configuration", by: by, status: 200, want: samlJSON},
		{op: "PATCH /api/saml-configuration", by: by, body: text(`{"activateCreatedUsers":true}`), status: 200,
			want: strings.Replace(samlJSON, `"activateCreatedUsers":false`, `"activateCreatedUsers":true`, 1)},
		{op: "GET /api/saml-configuration/generate-certificate", by: by, status: 200, want: "*"},
	}
}

// A secret of the settings is in no answer, log line, entry of the activity log or
// file of the database, whatever is done with it.
func TestSecretsOfSettingsStaySecret(t *testing.T) {
	f := newFixture(t)
	const smtp, ldap, bad = `Never-"shown"-1`, `Never-"shown"-2`, `Never-"shown"-3`
	var shown []string
	ask := func(method, path string, body map[string]any) answer {
		t.Helper()
		c := call{method: method, path: path, token: f.admin}
		if body != nil {
			c.body = jsonOf(body)
		}
		a := f.do(c)
		shown = append(shown, a.body)
		return a
	}
	type object = map[string]any
	const application, directory = "/api/application-settings", "/api/ldap-configuration"
	ask("PATCH", application, object{"smtpAccountPassword": secret.Mask}).want(t, 400, account.CodeInvalid)
	ask("PATCH", application, object{"smtpServerAddress": "mail.example.org", "smtpAccount": "usher", "smtpAccountPassword": smtp})
	ask("PATCH", directory, object{"url": "ldaps://directory.example.org", "searchUserPassword": ldap})
	ask("PATCH", application, object{"smtpAccountPassword": bad, "tls": true}).want(t, 400, account.CodeInvalid)
	ask("PATCH", application, object{"smtpAccountPassword": []any{bad}}).want(t, 400, account.CodeInvalid)
	ask("PATCH", application, object{"smtpAccountPassword": bad, "unknown": bad}).want(t, 400, account.CodeInvalid)
	ask("PATCH", directory, object{"searchUserPassword": bad, "url": bad}).want(t, 400, account.CodeInvalid)
	ask("GET", application, nil)
	ask("GET", directory, nil)
	f.courier.cause = "could not connect"
	ask("POST", application+"/test-message", nil)
	if got := f.courier.routes[0].Server.Password.Reveal(); got != smtp {
		t.Errorf("the mail server is sent %q", got)
	}
	certificate := ask("GET", "/api/saml-configuration/generate-certificate", nil)
	if certificate.status != 200 || strings.Contains(certificate.body, "PRIVATE") {
		t.Errorf("the certificate is %s", certificate.body)
	}
	ask("GET", "/api/saml-configuration", nil)
	f.store.fail(func(string) error { return errOfDriver })
	ask("PATCH", application, object{"smtpAccountPassword": bad})
	f.store.fail(nil)
	ask("PATCH", application, object{"smtpServerAddress": "mail.example.net", "smtpAccountPassword": secret.Mask})

	places := map[string]string{"the log": f.log.String(), "the metrics": f.exposition(), "an answer": strings.Join(shown, "\n")}
	places["the database"] = string(f.database.Content())
	if !bytes.Contains([]byte(places["the database"]), []byte(`{"field":"smtpAccountPassword","to":"cleared"}`)) {
		t.Error("the activity log does not tell that the password was cleared")
	}
	for _, text := range []string{smtp, ldap, bad, "PRIVATE KEY"} {
		for _, form := range forms(text) {
			for place, content := range places {
				if strings.Contains(content, form) {
					t.Errorf("%s has %s", place, form)
				}
			}
		}
	}
}
