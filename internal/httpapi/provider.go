package httpapi

import (
	"context"

	"github.com/oapi-codegen/nullable"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/httpapi/wire"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// The configurations of who else than Usher may say who somebody is.

func (h handlers) ApiLdapConfigurationGet(ctx context.Context, _ wire.ApiLdapConfigurationGetRequestObject) (wire.ApiLdapConfigurationGetResponseObject, error) {
	c, err := h.accounts.LDAPConfiguration(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiLdapConfigurationGet200JSONResponse(ldapConfiguration(c)), nil
}

func (h handlers) ApiLdapConfigurationPatch(ctx context.Context, r wire.ApiLdapConfigurationPatchRequestObject) (wire.ApiLdapConfigurationPatchResponseObject, error) {
	c, err := h.accounts.UpdateLDAPConfiguration(ctx, requestOf(ctx).caller, settings.LDAPUpdate{
		Enabled: r.Body.Enabled, URL: clearable(r.Body.URL), SearchUserDN: clearable(r.Body.SearchUserDN),
		SearchUserPassword: clearableSecret(r.Body.SearchUserPassword), UserSearchBase: clearable(r.Body.UserSearchBase),
		UserSearchFilter: clearable(r.Body.UserSearchFilter), AllowedGroups: groupsUpdate(r.Body.AllowedGroups),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiLdapConfigurationPatch200JSONResponse(ldapConfiguration(c)), nil
}

func (h handlers) ApiSamlConfigurationGet(ctx context.Context, _ wire.ApiSamlConfigurationGetRequestObject) (wire.ApiSamlConfigurationGetResponseObject, error) {
	c, err := h.accounts.SAMLConfiguration(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationGet200JSONResponse(samlConfiguration(c)), nil
}

func (h handlers) ApiSamlConfigurationPatch(ctx context.Context, r wire.ApiSamlConfigurationPatchRequestObject) (wire.ApiSamlConfigurationPatchResponseObject, error) {
	c, err := h.accounts.UpdateSAMLConfiguration(ctx, requestOf(ctx).caller, settings.SAMLUpdate{
		Enabled: r.Body.Enabled, ActivateCreatedUsers: r.Body.ActivateCreatedUsers, ProviderLoginURL: clearable(r.Body.ProviderLoginURL),
		SignatureCertificate: clearable(r.Body.SignatureCertificate), AllowedGroups: groupsUpdate(r.Body.AllowedGroups),
	})
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationPatch200JSONResponse(samlConfiguration(c)), nil
}

func (h handlers) ApiSamlConfigurationGenerateCertificateGet(ctx context.Context, _ wire.ApiSamlConfigurationGenerateCertificateGetRequestObject) (wire.ApiSamlConfigurationGenerateCertificateGetResponseObject, error) {
	certificate, err := h.accounts.RenewSAMLCertificate(ctx, requestOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return wire.ApiSamlConfigurationGenerateCertificateGet200JSONResponse{EncryptionCertificate: certificate}, nil
}

func ldapConfiguration(c settings.LDAPConfiguration) wire.LDAPConfiguration {
	return wire.LDAPConfiguration{
		Enabled: c.Enabled, URL: c.URL, SearchUserDN: c.SearchUserDN, SearchUserPassword: mask(c.PasswordSet),
		UserSearchBase: c.UserSearchBase, UserSearchFilter: c.UserSearchFilter, AllowedGroups: groups(c.AllowedGroups),
	}
}

func samlConfiguration(c settings.SAMLConfiguration) wire.SAMLConfiguration {
	return wire.SAMLConfiguration{
		Enabled: c.Enabled, ActivateCreatedUsers: c.ActivateCreatedUsers, ProviderLoginURL: c.ProviderLoginURL,
		EncryptionCertificate: c.EncryptionCertificate, SignatureCertificate: c.SignatureCertificate,
		ServiceProviderURL: c.ServiceProviderURL, AssertEndpoint: c.AssertEndpoint, AllowedGroups: groups(c.AllowedGroups),
	}
}

// groups makes sure that JSON has [] and not null.
func groups(groups []account.AllowedGroup) *[]wire.AllowedGroup {
	answer := make([]wire.AllowedGroup, len(groups))
	for i, g := range groups {
		answer[i] = wire.AllowedGroup{Name: g.Name, DefaultRoleIDs: list(g.DefaultRoleIDs), DefaultProfileID: g.DefaultProfileID}
	}
	return &answer
}

// groupsUpdate reads groups; null is none.
func groupsUpdate(n nullable.Nullable[[]wire.AllowedGroup]) *[]account.AllowedGroup {
	if !n.IsSpecified() {
		return nil
	}
	given, _ := n.Get()
	update := make([]account.AllowedGroup, len(given))
	for i, g := range given {
		update[i] = account.AllowedGroup{Name: g.Name, DefaultRoleIDs: g.DefaultRoleIDs, DefaultProfileID: g.DefaultProfileID}
	}
	return &update
}
