package client

import (
	"context"
	"net/http"
)

// SettingsService reads and changes the settings of the server: those of the
// application, the lockout policy, and the external identity providers.
type SettingsService struct{ client *Client }

// GetApplication returns the application settings.
func (s *SettingsService) GetApplication(ctx context.Context) (ApplicationSettings, error) {
	return receive[ApplicationSettings](ctx, s.client, request{method: http.MethodGet, path: "api/application-settings"})
}

// UpdateApplication changes all application settings that update contains, or none. It
// returns the settings after the change. It fails with [CodeSetByOperator] for a
// setting that the operator has fixed.
func (s *SettingsService) UpdateApplication(
	ctx context.Context, update ApplicationSettingsUpdate,
) (ApplicationSettings, error) {
	return receive[ApplicationSettings](ctx, s.client, request{
		method: http.MethodPatch, path: "api/application-settings", body: plainApplicationSettingsUpdate(update),
	})
}

// SendTestMessage makes the server send a test message to the caller's own address with
// the current mail settings, at most five per hour. If the delivery fails,
// SendTestMessage reports this in its result and returns no error.
func (s *SettingsService) SendTestMessage(ctx context.Context) (TestMessageResult, error) {
	return receive[TestMessageResult](ctx, s.client, request{
		method: http.MethodPost, path: "api/application-settings/test-message",
	})
}

// GetServer returns the server settings.
func (s *SettingsService) GetServer(ctx context.Context) (ServerSettings, error) {
	return receive[ServerSettings](ctx, s.client, request{method: http.MethodGet, path: "api/server-settings"})
}

// UpdateServer changes all server settings that update contains, or none. It returns
// the settings after the change. It fails with [CodeSetByOperator] for a setting that
// the operator has fixed.
func (s *SettingsService) UpdateServer(ctx context.Context, update ServerSettingsUpdate) (ServerSettings, error) {
	return receive[ServerSettings](ctx, s.client, request{
		method: http.MethodPatch, path: "api/server-settings", body: update,
	})
}

// GetLockoutPolicy returns the lockout policy.
func (s *SettingsService) GetLockoutPolicy(ctx context.Context) (LockoutPolicy, error) {
	return receive[LockoutPolicy](ctx, s.client, request{method: http.MethodGet, path: "api/lockout-policy"})
}

// UpdateLockoutPolicy changes the lockout policy. The new policy applies from the next
// sign-in on.
func (s *SettingsService) UpdateLockoutPolicy(ctx context.Context, update LockoutPolicyUpdate) error {
	return s.client.perform(ctx, request{method: http.MethodPatch, path: "api/lockout-policy", body: update})
}

// GetLDAP returns the configuration of LDAP.
func (s *SettingsService) GetLDAP(ctx context.Context) (LDAPConfiguration, error) {
	return receive[LDAPConfiguration](ctx, s.client, request{method: http.MethodGet, path: "api/ldap-configuration"})
}

// UpdateLDAP changes all fields of the LDAP configuration that update contains, or
// none. It returns the configuration after the change. The caller must have
// [AdministratorRole].
func (s *SettingsService) UpdateLDAP(
	ctx context.Context, update LDAPConfigurationUpdate,
) (LDAPConfiguration, error) {
	return receive[LDAPConfiguration](ctx, s.client, request{
		method: http.MethodPatch, path: "api/ldap-configuration", body: plainLDAPConfigurationUpdate(update),
	})
}

// GetSAML returns the configuration of SAML.
func (s *SettingsService) GetSAML(ctx context.Context) (SAMLConfiguration, error) {
	return receive[SAMLConfiguration](ctx, s.client, request{method: http.MethodGet, path: "api/saml-configuration"})
}

// UpdateSAML changes all fields of the SAML configuration that update contains, or
// none. It returns the configuration after the change. The caller must have
// [AdministratorRole].
func (s *SettingsService) UpdateSAML(
	ctx context.Context, update SAMLConfigurationUpdate,
) (SAMLConfiguration, error) {
	return receive[SAMLConfiguration](ctx, s.client, request{
		method: http.MethodPatch, path: "api/saml-configuration", body: update,
	})
}

// RenewSAMLCertificate makes the server create a new key and certificate for SAML and
// returns the certificate in PEM. The old key and certificate stop working, so give the
// new certificate to the identity provider. The caller must have [AdministratorRole].
// Although the request is a GET, the client never retries it: each request creates
// another certificate.
func (s *SettingsService) RenewSAMLCertificate(ctx context.Context) (string, error) {
	once := s.client.sender
	once.retries = 0
	answer, err := receive[struct {
		EncryptionCertificate string `json:"encryptionCertificate"`
	}](ctx, newClient(s.client.base, once), request{
		method: http.MethodGet, path: "api/saml-configuration/generate-certificate",
	})
	return answer.EncryptionCertificate, err
}
