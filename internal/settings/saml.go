package settings

import (
	"context"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// SAMLConfiguration describes the SAML identity provider through which users sign in. Usher only
// stores it: sign-in through SAML is not implemented yet.
type SAMLConfiguration struct {
	Enabled               bool
	ActivateCreatedUsers  bool
	ProviderLoginURL      *string // nil: not set, also in the fields below
	SignatureCertificate  *string // certificate of the provider, in PEM
	EncryptionCertificate *string // certificate of Usher in PEM; the provider encrypts with its public key
	AllowedGroups         []account.AllowedGroup

	// The URLs of Usher as a SAML service provider; nil while the public URL is not known.
	ServiceProviderURL *string `json:"-"`
	AssertEndpoint     *string `json:"-"`
}

// SAMLUpdate changes the configuration. A nil field keeps its value. For a field of type **T, a
// pointer to nil clears the setting.
type SAMLUpdate struct {
	Enabled              *bool
	ActivateCreatedUsers *bool
	ProviderLoginURL     **string
	SignatureCertificate **string
	AllowedGroups        *[]account.AllowedGroup
}

// loadSAML returns the stored configuration, without the URLs of Usher.
func loadSAML(ctx context.Context, r account.SettingReader) (SAMLConfiguration, error) {
	return account.LoadSettings(ctx, r, account.SettingSAML, SAMLConfiguration{})
}

// shownSAML returns the stored configuration with the URLs of Usher.
func (s *Settings) shownSAML(ctx context.Context, r account.SettingReader) (SAMLConfiguration, error) {
	configuration, err := loadSAML(ctx, r)
	if err != nil {
		return configuration, err
	}
	public, err := s.PublicURLFrom(ctx, r)
	if err != nil || public == nil {
		return configuration, err
	}
	configuration.ServiceProviderURL = new((&url.URL{Scheme: public.Scheme, Host: public.Host}).String())
	configuration.AssertEndpoint = new(public.JoinPath("auth-service/providers/saml/assert").String())
	return configuration, nil
}

// SAMLConfiguration returns the configuration. It fails as [account.Allow] does.
func (s *Settings) SAMLConfiguration(ctx context.Context, caller *account.Principal) (SAMLConfiguration, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntitySAMLConfiguration, access.All); err != nil {
		return SAMLConfiguration{}, err
	}
	return s.shownSAML(ctx, s.store)
}

// UpdateSAMLConfiguration changes all fields of an update or none, and returns the configuration
// afterwards. Only a caller with role 1 may do this. It fails as [account.Allow] does, and with
// CodeInvalid.
func (s *Settings) UpdateSAMLConfiguration(
	ctx context.Context, caller *account.Principal, up SAMLUpdate,
) (SAMLConfiguration, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntitySAMLConfiguration)
	})
	if err != nil {
		return SAMLConfiguration{}, err
	}
	return update(ctx, s, s.saml(), change[SAMLConfiguration]{
		permit: permit, roles: rolesOfGroups(account.Deref(up.AllowedGroups)),
		apply: func(
			ctx context.Context, tx *account.Tx, caller *account.Principal, was SAMLConfiguration,
		) (SAMLConfiguration, []account.FieldChange, error) {
			now, err := up.apply(was)
			if err != nil {
				return now, nil, err
			}
			if err := requireMayNameGroups(ctx, tx, caller, was.AllowedGroups, up.AllowedGroups); err != nil {
				return now, nil, err
			}
			return now, nil, nil
		},
	})
}

// saml returns the description of the group of settings with the SAML configuration.
func (s *Settings) saml() group[SAMLConfiguration] {
	return group[SAMLConfiguration]{
		name: account.SettingSAML, target: account.Target{Kind: access.EntitySAMLConfiguration},
		load: loadSAML, show: s.shownSAML, changes: SAMLConfiguration.changes,
	}
}

// apply returns s with the update applied. If a value is invalid, it fails with CodeInvalid.
func (up SAMLUpdate) apply(s SAMLConfiguration) (SAMLConfiguration, error) {
	var c account.Checker
	account.SetIfPresent(&s.Enabled, up.Enabled)
	account.SetIfPresent(&s.ActivateCreatedUsers, up.ActivateCreatedUsers)
	account.SetIfPresent(&s.ProviderLoginURL, up.ProviderLoginURL)
	account.SetIfPresent(&s.SignatureCertificate, up.SignatureCertificate)
	if up.AllowedGroups != nil {
		s.AllowedGroups = checkGroups(&c, "/allowedGroups", *up.AllowedGroups)
	}
	if up.ProviderLoginURL != nil && s.ProviderLoginURL != nil {
		u, err := url.Parse(*s.ProviderLoginURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
			c.Fail("/providerLoginUrl", "must be a URL such as https://provider.example.com/saml")
		}
	}
	c.OptionalText("/providerLoginUrl", account.Deref(up.ProviderLoginURL), maxURLLength)
	if up.SignatureCertificate != nil {
		checkCertificates(&c, "/signatureCertificate", s.SignatureCertificate)
	}
	if s.Enabled && s.ProviderLoginURL == nil {
		c.Fail("/providerLoginUrl", "must be set for the provider to be enabled")
	}
	if s.Enabled && s.SignatureCertificate == nil {
		c.Fail("/signatureCertificate", "must be set for the provider to be enabled")
	}
	return s, c.Err()
}

// changes lists the changed fields for the activity log.
func (s SAMLConfiguration) changes(was SAMLConfiguration) []account.FieldChange {
	var l account.ChangeList
	l.Add("enabled", was.Enabled, s.Enabled)
	l.Add("activateCreatedUsers", was.ActivateCreatedUsers, s.ActivateCreatedUsers)
	l.Add("providerLoginUrl", account.ValueOrNil(was.ProviderLoginURL), account.ValueOrNil(s.ProviderLoginURL))
	l.AddWithoutValues("signatureCertificate", was.SignatureCertificate, s.SignatureCertificate)
	return append(l, groupChanges(was.AllowedGroups, s.AllowedGroups)...)
}
