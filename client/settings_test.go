package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/client"
)

const (
	settingsJSON = `{"userRegistration":false,"smtpServerAddress":"mail.example.com","smtpServerPort":465,` +
		`"smtpAccount":"usher","smtpAccountPassword":"********","smtpUseStartTLS":false,"tls":true,` +
		`"emailSender":"usher@example.com","defaultRoleIds":[2],"defaultProfileId":1,"internalCertificate":null,` +
		`"keepAuditLog":true,"logRetentionPeriod":365}`
	serverSettingsJSON = `{"publicUrl":"https://usher.example.com","emailSenderName":"Usher",` +
		`"sessionIdleMinutes":720,"sessionAbsoluteMinutes":43200}`
	lockoutJSON     = `{"enabled":true,"lockoutDuration":300,"failedAttemptThreshold":3,"failedAttemptPeriod":300}`
	preferencesJSON = `{"language":"en","preferredProfileId":1}`
	testMessageJSON = `{"delivered":false,"recipient":"admin@example.com","cause":"could not connect"}`
	ldapJSON        = `{"enabled":true,"url":"ldaps://directory.example.com","searchUserDN":"cn=usher",` +
		`"searchUserPassword":"********","userSearchBase":null,"userSearchFilter":"uid={{login}}",` +
		`"allowedGroups":[{"name":"staff","defaultRoleIds":[2],"defaultProfileId":1}]}`
	samlJSON = `{"enabled":false,"activateCreatedUsers":false,"providerLoginUrl":null,"signatureCertificate":null,` +
		`"encryptionCertificate":"PEM","serviceProviderUrl":"https://usher.example.com",` +
		`"assertEndpoint":"https://usher.example.com/auth-service/providers/saml/assert","allowedGroups":[]}`
)

// TestSettings calls the methods for settings and checks the requests that the server
// receives. It also checks that the decoded answers encode to the same JSON.
func TestSettings(t *testing.T) {
	type ctx = context.Context
	for _, test := range []struct {
		call   func(ctx, *client.Client) (any, error)
		want   string // method, path, body
		answer string
	}{
		{func(x ctx, c *client.Client) (any, error) { return c.About(x) }, `GET /api/about `, `{"version":"1.2.3"}`},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Preferences.Get(x)
		}, `GET /api/preferences `, preferencesJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Preferences.Update(x, client.PreferencesUpdate{Language: new("de")})
		}, `PATCH /api/preferences {"language":"de"}`, preferencesJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.GetLockoutPolicy(x)
		}, `GET /api/lockout-policy `, lockoutJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return nil, c.Settings.UpdateLockoutPolicy(x, client.LockoutPolicyUpdate{
				Enabled: new(false), LockoutDuration: new(0),
			})
		}, `PATCH /api/lockout-policy {"enabled":false,"lockoutDuration":0}`, `null`},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.GetApplication(x)
		}, `GET /api/application-settings `, settingsJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.UpdateApplication(x, client.ApplicationSettingsUpdate{})
		}, `PATCH /api/application-settings {}`, settingsJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.UpdateApplication(x, client.ApplicationSettingsUpdate{
				SMTPServerAddress: client.Set("mail.example.com"), SMTPServerPort: client.Clear[int](),
				SMTPAccount: client.Set("usher"), SMTPAccountPassword: client.Set("secret"),
				SMTPUseStartTLS: new(false), TLS: new(true), EmailSender: new("a@b"),
				InternalCertificate: client.Clear[string](), DefaultRoleIDs: []int64{2, 3},
				DefaultProfileID: new(1), KeepAuditLog: new(true),
				LogRetentionPeriod: new(30), UserRegistration: new(false),
			})
		}, `PATCH /api/application-settings {"defaultProfileId":1,"defaultRoleIds":[2,3],"emailSender":"a@b",` +
			`"internalCertificate":null,"keepAuditLog":true,"logRetentionPeriod":30,"smtpAccount":"usher",` +
			`"smtpAccountPassword":"secret","smtpServerAddress":"mail.example.com","smtpServerPort":null,` +
			`"smtpUseStartTLS":false,"tls":true,"userRegistration":false}`, settingsJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.SendTestMessage(x)
		}, `POST /api/application-settings/test-message `, testMessageJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.GetServer(x)
		}, `GET /api/server-settings `, serverSettingsJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.UpdateServer(x, client.ServerSettingsUpdate{
				PublicURL: client.Clear[string](), SessionIdleMinutes: new(60),
			})
		}, `PATCH /api/server-settings {"publicUrl":null,"sessionIdleMinutes":60}`, serverSettingsJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.GetLDAP(x)
		}, `GET /api/ldap-configuration `, ldapJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.UpdateLDAP(x, client.LDAPConfigurationUpdate{
				Enabled: new(true), SearchUserPassword: client.Set("secret"),
				AllowedGroups: client.Set([]client.AllowedGroup{
					{Name: "staff", DefaultRoleIDs: []int64{2}, DefaultProfileID: 1},
				}),
			})
		}, `PATCH /api/ldap-configuration {"allowedGroups":[{"name":"staff","defaultRoleIds":[2],"defaultProfileId":1}],` +
			`"enabled":true,"searchUserPassword":"secret"}`, ldapJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.GetSAML(x)
		}, `GET /api/saml-configuration `, samlJSON},
		{func(x ctx, c *client.Client) (any, error) {
			return c.Settings.UpdateSAML(x, client.SAMLConfigurationUpdate{
				ProviderLoginURL: client.Set("https://p"), AllowedGroups: client.Clear[[]client.AllowedGroup](),
			})
		}, `PATCH /api/saml-configuration {"allowedGroups":null,"providerLoginUrl":"https://p"}`, samlJSON},
		{func(x ctx, c *client.Client) (any, error) { return c.Settings.RenewSAMLCertificate(x) },
			`GET /api/saml-configuration/generate-certificate `, `{"encryptionCertificate":"PEM"}`},
	} {
		t.Run(test.want, func(t *testing.T) {
			var got string
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.URL.Path + " " + strings.TrimSpace(string(body))
				_, _ = io.WriteString(w, test.answer)
			})
			value, err := test.call(t.Context(), newClient(t, url, client.WithToken("uss_hidden")))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("sent %s\nwant %s", got, test.want)
			}
			if text, ok := value.(string); ok {
				if !strings.Contains(test.answer, `:"`+text+`"`) {
					t.Errorf("the answer is %q", text)
				}
				return
			}
			again, err := json.Marshal(value)
			if err != nil || string(again) != test.answer {
				t.Errorf("the answer is %s, %v\nwant %s", again, err, test.answer)
			}
		})
	}
}

// TestRenewSAMLCertificateIsSentOnce checks that the request is not retried, because
// each request creates another certificate.
func TestRenewSAMLCertificateIsSentOnce(t *testing.T) {
	requests := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c := newClient(t, url, client.WithToken("uss_hidden"))
	if _, err := c.Settings.RenewSAMLCertificate(t.Context()); err == nil || requests != 1 {
		t.Errorf("%d requests, %v", requests, err)
	}
}

func TestSecretsOfSettingsAreNotShown(t *testing.T) {
	const hidden = "Hidden-secret-1"
	var shown bytes.Buffer
	for _, value := range []any{
		client.ApplicationSettingsUpdate{SMTPAccountPassword: client.Set(hidden)},
		&client.ApplicationSettingsUpdate{SMTPAccountPassword: client.Set(hidden)},
		client.LDAPConfigurationUpdate{SearchUserPassword: client.Set(hidden)},
		[]client.LDAPConfigurationUpdate{{SearchUserPassword: client.Set(hidden)}},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("m", "value", value)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("m", "value", value)
	}
	if text := shown.String(); strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
		t.Errorf("a secret is shown:\n%s", text)
	}
}
