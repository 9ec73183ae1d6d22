package httpapi

import (
	"context"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/wire"
)

// providerService configures the external identity providers: LDAP and SAML.
type providerService interface {
	LDAPConfiguration(ctx context.Context, caller *account.Principal) (settings.LDAPConfiguration, error)
	UpdateLDAPConfiguration(
		ctx context.Context, caller *account.Principal, update settings.LDAPUpdate,
	) (settings.LDAPConfiguration, error)
	SAMLConfiguration(ctx context.Context, caller *account.Principal) (settings.SAMLConfiguration, error)
	UpdateSAMLConfiguration(
		ctx context.Context, caller *account.Principal, update settings.SAMLUpdate,
	) (settings.SAMLConfiguration, error)
	RenewSAMLCertificate(ctx context.Context, caller *account.Principal) (string, error)
}

type providerHandlers struct{ service providerService }

func (h providerHandlers) ApiLdapConfigurationGet(
	ctx context.Context, _ wire.ApiLdapConfigurationGetRequestObject,
) (wire.ApiLdapConfigurationGetResponseObject, error) {
	c, err := h.service.LDAPConfiguration(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiLdapConfigurationGet200JSONResponse(wireLDAPConfiguration(c)), nil
}

func (h providerHandlers) ApiLdapConfigurationPatch(
	ctx context.Context, r wire.ApiLdapConfigurationPatchRequestObject,
) (wire.ApiLdapConfigurationPatchResponseObject, error) {
	c, err := h.service.UpdateLDAPConfiguration(ctx, requestOf(ctx).caller, settings.LDAPUpdate{
		Enabled: r.Body.Enabled, URL: clearable(r.Body.URL), SearchUserDN: clearable(r.Body.SearchUserDN),
		SearchUserPassword: clearableSecret(r.Body.SearchUserPassword), UserSearchBase: clearable(r.Body.UserSearchBase),
		UserSearchFilter: clearable(r.Body.UserSearchFilter), AllowedGroups: allowedGroups(r.Body.AllowedGroups),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiLdapConfigurationPatch200JSONResponse(wireLDAPConfiguration(c)), nil
}

func (h providerHandlers) ApiSamlConfigurationGet(
	ctx context.Context, _ wire.ApiSamlConfigurationGetRequestObject,
) (wire.ApiSamlConfigurationGetResponseObject, error) {
	c, err := h.service.SAMLConfiguration(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationGet200JSONResponse(wireSAMLConfiguration(c)), nil
}

func (h providerHandlers) ApiSamlConfigurationPatch(
	ctx context.Context, r wire.ApiSamlConfigurationPatchRequestObject,
) (wire.ApiSamlConfigurationPatchResponseObject, error) {
	c, err := h.service.UpdateSAMLConfiguration(ctx, requestOf(ctx).caller, settings.SAMLUpdate{
		Enabled: r.Body.Enabled, ActivateCreatedUsers: r.Body.ActivateCreatedUsers,
		ProviderLoginURL:     clearable(r.Body.ProviderLoginURL),
		SignatureCertificate: clearable(r.Body.SignatureCertificate), AllowedGroups: allowedGroups(r.Body.AllowedGroups),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationPatch200JSONResponse(wireSAMLConfiguration(c)), nil
}

func (h providerHandlers) ApiSamlConfigurationGenerateCertificateGet(
	ctx context.Context, _ wire.ApiSamlConfigurationGenerateCertificateGetRequestObject,
) (wire.ApiSamlConfigurationGenerateCertificateGetResponseObject, error) {
	certificate, err := h.service.RenewSAMLCertificate(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationGenerateCertificateGet200JSONResponse{EncryptionCertificate: certificate}, nil
}

func wireLDAPConfiguration(c settings.LDAPConfiguration) wire.LDAPConfiguration {
	return wire.LDAPConfiguration{
		Enabled: c.Enabled, URL: c.URL, SearchUserDN: c.SearchUserDN, SearchUserPassword: mask(c.PasswordSet),
		UserSearchBase: c.UserSearchBase, UserSearchFilter: c.UserSearchFilter,
		AllowedGroups: wireAllowedGroups(c.AllowedGroups),
	}
}

func wireSAMLConfiguration(c settings.SAMLConfiguration) wire.SAMLConfiguration {
	return wire.SAMLConfiguration{
		Enabled: c.Enabled, ActivateCreatedUsers: c.ActivateCreatedUsers, ProviderLoginURL: c.ProviderLoginURL,
		EncryptionCertificate: c.EncryptionCertificate, SignatureCertificate: c.SignatureCertificate,
		ServiceProviderURL: c.ServiceProviderURL, AssertEndpoint: c.AssertEndpoint,
		AllowedGroups: wireAllowedGroups(c.AllowedGroups),
	}
}

// wireAllowedGroups converts groups for the answer. For no groups it returns an empty list, so that the JSON is [] and
// not null.
func wireAllowedGroups(groups []account.AllowedGroup) *[]wire.AllowedGroup {
	answer := make([]wire.AllowedGroup, len(groups))
	for i, g := range groups {
		answer[i] = wire.AllowedGroup{
			Name: g.Name, DefaultRoleIDs: emptyIfNil(g.DefaultRoleIDs), DefaultProfileID: g.DefaultProfileID,
		}
	}
	return &answer
}

// allowedGroups converts the groups in a PATCH whose members may sign in. It returns nil if the field is absent, and a
// pointer to an empty list if the field is null.
func allowedGroups(n nullable.Nullable[[]wire.AllowedGroup]) *[]account.AllowedGroup {
	if !n.IsSpecified() {
		return nil
	}
	given, _ := n.Get()
	groups := make([]account.AllowedGroup, len(given))
	for i, g := range given {
		groups[i] = account.AllowedGroup{
			Name: g.Name, DefaultRoleIDs: g.DefaultRoleIDs, DefaultProfileID: g.DefaultProfileID,
		}
	}
	return &groups
}
