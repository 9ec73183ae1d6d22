package settings

import (
	"context"
	"net/url"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/host"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// LDAPConfiguration describes how to find users in an LDAP directory. Usher only stores it:
// sign-in through a directory is not implemented yet.
type LDAPConfiguration struct {
	Enabled          bool
	URL              *string // URL with the scheme ldap or ldaps; nil: not set, also in the fields below
	SearchUserDN     *string // account as which Usher binds to the directory for a search
	UserSearchBase   *string
	UserSearchFilter *string
	AllowedGroups    []account.AllowedGroup

	PasswordSet bool `json:"-"` // whether a password of SearchUserDN is stored; the password itself is a secret
}

// LDAPUpdate changes the configuration. A nil field keeps its value. For a field of type **T, a
// pointer to nil clears the setting.
type LDAPUpdate struct {
	Enabled            *bool
	URL                **string
	SearchUserDN       **string
	SearchUserPassword **secret.Text
	UserSearchBase     **string
	UserSearchFilter   **string
	AllowedGroups      *[]account.AllowedGroup
}

// loadLDAP returns the stored configuration. It leaves PasswordSet false.
func loadLDAP(ctx context.Context, r account.SettingReader) (LDAPConfiguration, error) {
	return account.LoadSettings(ctx, r, account.SettingLDAP, LDAPConfiguration{})
}

// shownLDAP returns the stored configuration and sets PasswordSet.
func (s *Settings) shownLDAP(ctx context.Context, r account.SettingReader) (LDAPConfiguration, error) {
	l, err := loadLDAP(ctx, r)
	if err == nil {
		l.PasswordSet, err = hasSecret(ctx, r, secretLDAPPassword)
	}
	return l, err
}

// LDAPConfiguration returns the configuration. It fails as [account.Allow] does.
func (s *Settings) LDAPConfiguration(ctx context.Context, caller *account.Principal) (LDAPConfiguration, error) {
	if err := account.Allow(caller, access.ActionRead, access.EntityLDAPConfiguration, access.All); err != nil {
		return LDAPConfiguration{}, err
	}
	return s.shownLDAP(ctx, s.store)
}

// UpdateLDAPConfiguration changes all fields of an update or none, and returns the configuration
// afterwards. Only a caller with role 1 may do this. It fails as [account.Allow] does, and with
// CodeInvalid.
func (s *Settings) UpdateLDAPConfiguration(
	ctx context.Context, caller *account.Principal, up LDAPUpdate,
) (LDAPConfiguration, error) {
	permit, err := auth.Permitted(caller, func(caller *account.Principal) error {
		return account.RequireConfigure(caller, access.EntityLDAPConfiguration)
	})
	if err != nil {
		return LDAPConfiguration{}, err
	}
	return update(ctx, s, s.ldap(), change[LDAPConfiguration]{
		permit: permit, roles: rolesOfGroups(account.Deref(up.AllowedGroups)),
		apply: func(
			ctx context.Context, tx *account.Tx, caller *account.Principal, was LDAPConfiguration,
		) (LDAPConfiguration, []account.FieldChange, error) {
			now, err := up.apply(was)
			if err != nil {
				return now, nil, err
			}
			if err := requireMayNameGroups(ctx, tx, caller, was.AllowedGroups, up.AllowedGroups); err != nil {
				return now, nil, err
			}
			secrets, err := s.changeSecret(ctx, tx, secretChange{
				name: secretLDAPPassword, field: "searchUserPassword",
				was: was.destination(), now: now.destination(), update: up.SearchUserPassword,
			})
			return now, secrets, err
		},
	})
}

// ldap returns the description of the group of settings with the LDAP configuration.
func (s *Settings) ldap() group[LDAPConfiguration] {
	return group[LDAPConfiguration]{
		name: account.SettingLDAP, target: account.Target{Kind: access.EntityLDAPConfiguration},
		load: loadLDAP, show: s.shownLDAP, changes: LDAPConfiguration.changes,
	}
}

// destination returns the server and the account that the search user's password is sent to.
func (l LDAPConfiguration) destination() destination {
	return destination{account.Deref(l.URL), account.Deref(l.SearchUserDN)}
}

// apply returns l with the update applied. If a value is invalid, it fails with CodeInvalid.
func (up LDAPUpdate) apply(l LDAPConfiguration) (LDAPConfiguration, error) {
	var c account.Checker
	account.SetIfPresent(&l.Enabled, up.Enabled)
	account.SetIfPresent(&l.URL, up.URL)
	account.SetIfPresent(&l.SearchUserDN, up.SearchUserDN)
	account.SetIfPresent(&l.UserSearchBase, up.UserSearchBase)
	account.SetIfPresent(&l.UserSearchFilter, up.UserSearchFilter)
	if up.AllowedGroups != nil {
		l.AllowedGroups = checkGroups(&c, "/allowedGroups", *up.AllowedGroups)
	}
	c.OptionalText("/url", account.Deref(up.URL), maxURLLength)
	c.OptionalText("/searchUserDN", account.Deref(up.SearchUserDN), maxSettingLength)
	c.OptionalText("/userSearchBase", account.Deref(up.UserSearchBase), maxSettingLength)
	c.OptionalText("/userSearchFilter", account.Deref(up.UserSearchFilter), maxSettingLength)
	if password := account.Deref(up.SearchUserPassword); password != nil {
		c.Text("/searchUserPassword", password.Reveal(), maxSettingLength)
	}
	if up.URL != nil && l.URL != nil {
		checkDirectoryURL(&c, "/url", *l.URL)
	}
	if l.Enabled && l.URL == nil {
		c.Fail("/url", "must be set for the directory to be enabled")
	}
	return l, c.Err()
}

// checkDirectoryURL checks that text is an LDAP URL with only a host and an optional port.
func checkDirectoryURL(c *account.Checker, path, text string) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		c.Fail(path, "must be a URL such as ldaps://directory.example.com")
		return
	}
	if err := host.Check(u.Hostname()); err != nil {
		c.Fail(path, "must have a host, which "+err.Error())
	}
}

// changes lists the changed fields for the activity log.
func (l LDAPConfiguration) changes(was LDAPConfiguration) []account.FieldChange {
	var list account.ChangeList
	list.Add("enabled", was.Enabled, l.Enabled)
	list.Add("url", account.ValueOrNil(was.URL), account.ValueOrNil(l.URL))
	list.Add("searchUserDN", account.ValueOrNil(was.SearchUserDN), account.ValueOrNil(l.SearchUserDN))
	list.Add("userSearchBase", account.ValueOrNil(was.UserSearchBase), account.ValueOrNil(l.UserSearchBase))
	list.Add("userSearchFilter", account.ValueOrNil(was.UserSearchFilter), account.ValueOrNil(l.UserSearchFilter))
	return append(list, groupChanges(was.AllowedGroups, l.AllowedGroups)...)
}
