package client

import (
	"context"
	"net/http"
)

// LDAPConfiguration returns the configuration.
func (c *Client) LDAPConfiguration(ctx context.Context) (LDAPConfiguration, error) {
	return receive[LDAPConfiguration](ctx, c, request{method: http.MethodGet, path: "api/ldap-configuration"})
}

// UpdateLDAPConfiguration changes the configuration, wholly or not at all, and
// returns the changed one. It needs role 1.
func (c *Client) UpdateLDAPConfiguration(
	ctx context.Context, update LDAPConfigurationUpdate,
) (LDAPConfiguration, error) {
	return receive[LDAPConfiguration](ctx, c, request{
		method: http.MethodPatch, path: "api/ldap-configuration", body: plainLDAPConfigurationUpdate(update),
	})
}

// SAMLConfiguration returns the configuration.
func (c *Client) SAMLConfiguration(ctx context.Context) (SAMLConfiguration, error) {
	return receive[SAMLConfiguration](ctx, c, request{method: http.MethodGet, path: "api/saml-configuration"})
}

// UpdateSAMLConfiguration changes the configuration, wholly or not at all, and
// returns the changed one. It needs role 1.
func (c *Client) UpdateSAMLConfiguration(
	ctx context.Context, update SAMLConfigurationUpdate,
) (SAMLConfiguration, error) {
	return receive[SAMLConfiguration](ctx, c, request{
		method: http.MethodPatch, path: "api/saml-configuration", body: update,
	})
}

// RenewSAMLCertificate has the server create a new key and certificate, and returns
// the certificate in PEM. They replace the old ones: give the identity provider the
// new certificate. It needs role 1. It is sent once, though it is a GET, since each
// request creates another certificate.
func (c *Client) RenewSAMLCertificate(ctx context.Context) (string, error) {
	once := *c
	once.sender.retries = 0
	answer, err := receive[struct {
		EncryptionCertificate string `json:"encryptionCertificate"`
	}](ctx, &once, request{method: http.MethodGet, path: "api/saml-configuration/generate-certificate"})
	return answer.EncryptionCertificate, err
}
