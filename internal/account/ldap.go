package account

import (
	"context"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// LDAPConfiguration says how users of a directory are found. It is kept; signing
// in by a directory is still to come.
type LDAPConfiguration struct {
	Enabled          bool
	URL              *string // ldap:// or ldaps://; nil: not set, likewise below
	SearchUserDN     *string // who searches
	UserSearchBase   *string
	UserSearchFilter *string
	AllowedGroups    []AllowedGroup

	PasswordSet bool `json:"-"` // whether there is one of who searches; kept by itself
}

// LDAPUpdate changes the configuration. What is nil stays as it is; a nil inside
// clears a field.
type LDAPUpdate struct {
	Enabled            *bool
	URL                **string
	SearchUserDN       **string
	SearchUserPassword **secret.Text
	UserSearchBase     **string
	UserSearchFilter   **string
	AllowedGroups      *[]AllowedGroup
}

// ldapConfiguration reads what is stored, but for the password.
func loadLDAP(ctx context.Context, r SettingReader) (LDAPConfiguration, error) {
	return loadSettings(ctx, r, settingLDAP, LDAPConfiguration{})
}

// shownLDAP is ldapConfiguration, and whether there is a password.
func (s *Service) shownLDAP(ctx context.Context, r Reader) (LDAPConfiguration, error) {
	l, err := loadLDAP(ctx, r)
	if err == nil {
		l.PasswordSet, err = hasSecret(ctx, r, secretLDAPPassword)
	}
	return l, err
}

// LDAPConfiguration returns the configuration. It fails as [Allow] says.
func (s *Service) LDAPConfiguration(ctx context.Context, caller *Principal) (LDAPConfiguration, error) {
	if err := Allow(caller, access.ActionRead, access.EntityLDAPConfiguration, access.All); err != nil {
		return LDAPConfiguration{}, err
	}
	return s.shownLDAP(ctx, s.store)
}

// UpdateLDAPConfiguration changes all that the update names, or nothing, and
// returns the configuration then. It needs role 1. It fails as [Allow] says, and
// with CodeInvalid.
func (s *Service) UpdateLDAPConfiguration(ctx context.Context, caller *Principal, up LDAPUpdate) (LDAPConfiguration, error) {
	if err := requireConfigure(caller, access.EntityLDAPConfiguration); err != nil {
		return LDAPConfiguration{}, err
	}
	var configuration LDAPConfiguration
	err := s.updateSettingsAs(ctx, caller, settingLDAP, rolesOfGroups(deref(up.AllowedGroups)), func(ctx context.Context, tx Tx, caller *Principal) error {
		if err := requireConfigure(caller, access.EntityLDAPConfiguration); err != nil {
			return err
		}
		was, err := loadLDAP(ctx, tx)
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
		secrets, err := s.changeSecret(ctx, tx, secretLDAPPassword, "searchUserPassword", was.destination(), now.destination(), up.SearchUserPassword)
		if err != nil {
			return err
		}
		if err := s.saveLDAP(ctx, tx, caller, was, now, secrets); err != nil {
			return err
		}
		configuration, err = s.shownLDAP(ctx, tx)
		return err
	})
	return configuration, err
}

// saveLDAP stores the configuration and what changed.
func (s *Service) saveLDAP(ctx context.Context, tx Tx, caller *Principal, was, now LDAPConfiguration, secrets []FieldChange) error {
	changes := append(now.changes(was), secrets...)
	return storeChanged(ctx, s, tx, caller, settingLDAP, now, Target{Kind: access.EntityLDAPConfiguration}, changes)
}

// destination is where the password of who searches is sent to.
func (l LDAPConfiguration) destination() destination {
	return destination{deref(l.URL), deref(l.SearchUserDN)}
}

// apply checks the update and returns the configuration after it.
func (up LDAPUpdate) apply(l LDAPConfiguration) (LDAPConfiguration, error) {
	var c checker
	setIfPresent(&l.Enabled, up.Enabled)
	setIfPresent(&l.URL, up.URL)
	setIfPresent(&l.SearchUserDN, up.SearchUserDN)
	setIfPresent(&l.UserSearchBase, up.UserSearchBase)
	setIfPresent(&l.UserSearchFilter, up.UserSearchFilter)
	if up.AllowedGroups != nil {
		l.AllowedGroups = checkGroups(&c, "/allowedGroups", *up.AllowedGroups)
	}
	c.optional("/url", deref(up.URL), maxURLLength)
	c.optional("/searchUserDN", deref(up.SearchUserDN), maxSettingLength)
	c.optional("/userSearchBase", deref(up.UserSearchBase), maxSettingLength)
	c.optional("/userSearchFilter", deref(up.UserSearchFilter), maxSettingLength)
	if password := deref(up.SearchUserPassword); password != nil {
		c.text("/searchUserPassword", password.Reveal(), maxSettingLength)
	}
	if up.URL != nil && l.URL != nil {
		checkDirectoryURL(&c, "/url", *l.URL)
	}
	if l.Enabled && l.URL == nil {
		c.fail("/url", "must be set for the directory to be enabled")
	}
	return l, c.err()
}

// checkDirectoryURL checks the URL of a directory.
func checkDirectoryURL(c *checker, path, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		c.fail(path, "must be a URL such as ldaps://directory.example.com")
		return
	}
	if err := host.Check(u.Hostname()); err != nil {
		c.fail(path, "must have a host, which "+err.Error())
	}
}

// changes tells the activity log what is different from before.
func (l LDAPConfiguration) changes(was LDAPConfiguration) []FieldChange {
	var list changeList
	list.add("enabled", was.Enabled, l.Enabled)
	list.add("url", orNil(was.URL), orNil(l.URL))
	list.add("searchUserDN", orNil(was.SearchUserDN), orNil(l.SearchUserDN))
	list.add("userSearchBase", orNil(was.UserSearchBase), orNil(l.UserSearchBase))
	list.add("userSearchFilter", orNil(was.UserSearchFilter), orNil(l.UserSearchFilter))
	return append(list, groupChanges(was.AllowedGroups, l.AllowedGroups)...)
}
