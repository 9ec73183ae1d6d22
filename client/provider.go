package client

import (
	"context"
	"net/http"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// AllowedGroup is a group of a directory or an identity provider whose members may
// sign in, and what they get.
type AllowedGroup struct {
	Name             string  `json:"name"`
	DefaultRoleIDs   []int64 `json:"defaultRoleIds"` // at least one
	DefaultProfileID int     `json:"defaultProfileId"`
}

// LDAPConfiguration says how users of a directory are found. The server keeps it;
// nobody can sign in by it yet.
type LDAPConfiguration struct {
	Enabled            bool           `json:"enabled"`
	URL                *string        `json:"url"`                // nil: not set; likewise below
	SearchUserDN       *string        `json:"searchUserDN"`       // who searches
	SearchUserPassword *string        `json:"searchUserPassword"` // [Mask] if there is one, else nil
	UserSearchBase     *string        `json:"userSearchBase"`
	UserSearchFilter   *string        `json:"userSearchFilter"` // with {{login}} for the name
	AllowedGroups      []AllowedGroup `json:"allowedGroups"`
}

// LDAPConfigurationUpdate says what to change of an [LDAPConfiguration]. Its zero
// value changes nothing. Where URL or SearchUserDN change without a new password,
// the stored one is cleared. It prints with its password masked.
type LDAPConfigurationUpdate struct {
	Enabled            *bool
	URL                Change[string]
	SearchUserDN       Change[string]
	SearchUserPassword Change[string] // a secret
	UserSearchBase     Change[string]
	UserSearchFilter   Change[string]
	AllowedGroups      Change[[]AllowedGroup]
}

// SAMLConfiguration says by which identity provider users sign in. The server keeps
// it; nobody can sign in by it yet.
type SAMLConfiguration struct {
	Enabled               bool           `json:"enabled"`
	ActivateCreatedUsers  bool           `json:"activateCreatedUsers"`
	ProviderLoginURL      *string        `json:"providerLoginUrl"`      // nil: not set; likewise below
	SignatureCertificate  *string        `json:"signatureCertificate"`  // of the provider; PEM
	EncryptionCertificate *string        `json:"encryptionCertificate"` // of the server; PEM
	ServiceProviderURL    *string        `json:"serviceProviderUrl"`    // what the server is called at the provider
	AssertEndpoint        *string        `json:"assertEndpoint"`        // where the provider sends its answers
	AllowedGroups         []AllowedGroup `json:"allowedGroups"`
}

// SAMLConfigurationUpdate says what to change of a [SAMLConfiguration]. Its zero
// value changes nothing.
type SAMLConfigurationUpdate struct {
	Enabled              *bool
	ActivateCreatedUsers *bool
	ProviderLoginURL     Change[string]
	SignatureCertificate Change[string]
	AllowedGroups        Change[[]AllowedGroup]
}

// LDAPConfiguration returns the configuration.
func (c *Client) LDAPConfiguration(ctx context.Context) (LDAPConfiguration, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiLdapConfigurationGet(ctx)
	}, ldapFromWire)
}

// UpdateLDAPConfiguration changes the configuration, wholly or not at all, and
// returns it as it is then. Role 1 is needed.
func (c *Client) UpdateLDAPConfiguration(ctx context.Context, update LDAPConfigurationUpdate) (LDAPConfiguration, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiLdapConfigurationPatch(ctx, wire.LDAPConfigurationUpdate{
			Enabled: update.Enabled, URL: update.URL.field, SearchUserDN: update.SearchUserDN.field,
			SearchUserPassword: update.SearchUserPassword.field, UserSearchBase: update.UserSearchBase.field,
			UserSearchFilter: update.UserSearchFilter.field, AllowedGroups: groupsToWire(update.AllowedGroups),
		})
	}, ldapFromWire)
}

// SAMLConfiguration returns the configuration.
func (c *Client) SAMLConfiguration(ctx context.Context) (SAMLConfiguration, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiSamlConfigurationGet(ctx)
	}, samlFromWire)
}

// UpdateSAMLConfiguration changes the configuration, wholly or not at all, and
// returns it as it is then. Role 1 is needed.
func (c *Client) UpdateSAMLConfiguration(ctx context.Context, update SAMLConfigurationUpdate) (SAMLConfiguration, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiSamlConfigurationPatch(ctx, wire.SAMLConfigurationUpdate{
			Enabled: update.Enabled, ActivateCreatedUsers: update.ActivateCreatedUsers, ProviderLoginURL: update.ProviderLoginURL.field,
			SignatureCertificate: update.SignatureCertificate.field, AllowedGroups: groupsToWire(update.AllowedGroups),
		})
	}, samlFromWire)
}

// RenewSAMLCertificate has the server make a new key and certificate, and returns
// the certificate in PEM. The old ones are gone: tell the identity provider the new
// one. Role 1 is needed. It is sent once, though it is a GET: each makes another.
func (c *Client) RenewSAMLCertificate(ctx context.Context) (string, error) {
	s := c.sender
	s.retries = 0
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return newClient(c.wire.Server, s).wire.ApiSamlConfigurationGenerateCertificateGet(ctx)
	}, func(w wire.GeneratedCertificate) string { return w.EncryptionCertificate })
}

func ldapFromWire(w wire.LDAPConfiguration) LDAPConfiguration {
	return LDAPConfiguration{
		Enabled: w.Enabled, URL: w.URL, SearchUserDN: w.SearchUserDN, SearchUserPassword: w.SearchUserPassword,
		UserSearchBase: w.UserSearchBase, UserSearchFilter: w.UserSearchFilter, AllowedGroups: groupsFromWire(w.AllowedGroups),
	}
}

func samlFromWire(w wire.SAMLConfiguration) SAMLConfiguration {
	return SAMLConfiguration{
		Enabled: w.Enabled, ActivateCreatedUsers: w.ActivateCreatedUsers, ProviderLoginURL: w.ProviderLoginURL,
		SignatureCertificate: w.SignatureCertificate, EncryptionCertificate: w.EncryptionCertificate,
		ServiceProviderURL: w.ServiceProviderURL, AssertEndpoint: w.AssertEndpoint, AllowedGroups: groupsFromWire(w.AllowedGroups),
	}
}

func groupsFromWire(w *[]wire.AllowedGroup) []AllowedGroup {
	groups := []AllowedGroup{}
	if w != nil {
		for _, g := range *w {
			groups = append(groups, AllowedGroup{Name: g.Name, DefaultRoleIDs: g.DefaultRoleIDs, DefaultProfileID: g.DefaultProfileID})
		}
	}
	return groups
}

func groupsToWire(change Change[[]AllowedGroup]) nullable.Nullable[[]wire.AllowedGroup] {
	switch {
	case !change.field.IsSpecified():
		return nil
	case change.field.IsNull():
		return nullable.NewNullNullable[[]wire.AllowedGroup]()
	}
	groups := []wire.AllowedGroup{}
	for _, g := range change.field.MustGet() {
		groups = append(groups, wire.AllowedGroup{Name: g.Name, DefaultRoleIDs: g.DefaultRoleIDs, DefaultProfileID: g.DefaultProfileID})
	}
	return nullable.NewNullableWithValue(groups)
}
