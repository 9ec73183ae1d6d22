package account

import (
	"context"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/access"
)

// SAMLConfiguration says by which identity provider users sign in. It is kept;
// signing in by it is still to come.
type SAMLConfiguration struct {
	Enabled               bool
	ActivateCreatedUsers  bool
	ProviderLoginURL      *string // nil: not set, likewise below
	SignatureCertificate  *string // of the provider; PEM
	EncryptionCertificate *string // ours; PEM
	AllowedGroups         []AllowedGroup

	// Where the provider finds us; nil while the public URL is not known.
	ServiceProviderURL *string `json:"-"`
	AssertEndpoint     *string `json:"-"`
}

// SAMLUpdate changes the configuration. What is nil stays as it is; a nil inside
// clears a field.
type SAMLUpdate struct {
	Enabled              *bool
	ActivateCreatedUsers *bool
	ProviderLoginURL     **string
	SignatureCertificate **string
	AllowedGroups        *[]AllowedGroup
}

// samlConfiguration reads what is stored.
func loadSAML(ctx context.Context, r SettingReader) (SAMLConfiguration, error) {
	return loadSettings(ctx, r, settingSAML, SAMLConfiguration{})
}

// shownSAML is samlConfiguration, and where the provider finds us.
func (s *Service) shownSAML(ctx context.Context, r Reader) (SAMLConfiguration, error) {
	configuration, err := loadSAML(ctx, r)
	if err != nil {
		return configuration, err
	}
	public, err := s.publicURL(ctx, r)
	if err != nil || public == nil {
		return configuration, err
	}
	configuration.ServiceProviderURL = new((&url.URL{Scheme: public.Scheme, Host: public.Host}).String())
	configuration.AssertEndpoint = new(public.JoinPath("auth-service/providers/saml/assert").String())
	return configuration, nil
}

// SAMLConfiguration returns the configuration. It fails as [Allow] says.
func (s *Service) SAMLConfiguration(ctx context.Context, caller *Principal) (SAMLConfiguration, error) {
	if err := Allow(caller, access.ActionRead, access.EntitySAMLConfiguration, access.All); err != nil {
		return SAMLConfiguration{}, err
	}
	return s.shownSAML(ctx, s.store)
}

// UpdateSAMLConfiguration changes all that the update names, or nothing, and
// returns the configuration then. It needs role 1. It fails as [Allow] says, and
// with CodeInvalid.
func (s *Service) UpdateSAMLConfiguration(ctx context.Context, caller *Principal, up SAMLUpdate) (SAMLConfiguration, error) {
	if err := requireConfigure(caller, access.EntitySAMLConfiguration); err != nil {
		return SAMLConfiguration{}, err
	}
	var configuration SAMLConfiguration
	err := s.updateSettingsAs(ctx, caller, settingSAML, rolesOfGroups(deref(up.AllowedGroups)), func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := requireConfigure(caller, access.EntitySAMLConfiguration); err != nil {
			return err
		}
		was, err := loadSAML(ctx, tx)
		if err != nil {
			return err
		}
		now, err := up.apply(was)
		if err != nil {
			return err
		}
		if err := mayNameGroups(ctx, tx, caller, was.AllowedGroups, up.AllowedGroups); err != nil {
			return err
		}
		if err := s.saveSAML(ctx, tx, caller, was, now); err != nil {
			return err
		}
		configuration, err = s.shownSAML(ctx, tx)
		return err
	})
	return configuration, err
}

// saveSAML stores the configuration and what changed.
func (s *Service) saveSAML(ctx context.Context, tx Tx, caller *Principal, was, now SAMLConfiguration) error {
	return storeChanged(ctx, s, tx, caller, settingSAML, now, Target{Kind: access.EntitySAMLConfiguration}, now.changes(was))
}

// apply checks the update and returns the configuration after it.
func (up SAMLUpdate) apply(s SAMLConfiguration) (SAMLConfiguration, error) {
	var c checker
	setIfPresent(&s.Enabled, up.Enabled)
	setIfPresent(&s.ActivateCreatedUsers, up.ActivateCreatedUsers)
	setIfPresent(&s.ProviderLoginURL, up.ProviderLoginURL)
	setIfPresent(&s.SignatureCertificate, up.SignatureCertificate)
	if up.AllowedGroups != nil {
		s.AllowedGroups = checkGroups(&c, "/allowedGroups", *up.AllowedGroups)
	}
	if up.ProviderLoginURL != nil && s.ProviderLoginURL != nil {
		u, err := url.Parse(*s.ProviderLoginURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
			c.fail("/providerLoginUrl", "must be a URL such as https://provider.example.com/saml")
		}
	}
	c.optional("/providerLoginUrl", deref(up.ProviderLoginURL), maxURLLength)
	if up.SignatureCertificate != nil {
		checkCertificates(&c, "/signatureCertificate", s.SignatureCertificate)
	}
	if s.Enabled && s.ProviderLoginURL == nil {
		c.fail("/providerLoginUrl", "must be set for the provider to be enabled")
	}
	if s.Enabled && s.SignatureCertificate == nil {
		c.fail("/signatureCertificate", "must be set for the provider to be enabled")
	}
	return s, c.err()
}

// changes tells the activity log what is different from before.
func (s SAMLConfiguration) changes(was SAMLConfiguration) []FieldChange {
	var l changeList
	l.add("enabled", was.Enabled, s.Enabled)
	l.add("activateCreatedUsers", was.ActivateCreatedUsers, s.ActivateCreatedUsers)
	l.add("providerLoginUrl", orNil(was.ProviderLoginURL), orNil(s.ProviderLoginURL))
	l.addText("signatureCertificate", was.SignatureCertificate, s.SignatureCertificate)
	return append(l, groupChanges(was.AllowedGroups, s.AllowedGroups)...)
}
