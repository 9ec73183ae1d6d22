package main

import (
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
)

type ldapCmd struct {
	Show ldapShowCmd `cmd:"" help:"Show the configuration."`
	Set  ldapSetCmd  `cmd:"" help:"Change the configuration."`
}

type ldapShowCmd struct{}

// Help is the text below the usage line.
func (ldapShowCmd) Help() string {
	return `Examples:
  usher settings ldap show`
}

// Run shows the configuration.
func (ldapShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	l, err := c.LDAPConfiguration(a.ctx)
	if err != nil {
		return err
	}
	return a.show(l, ldapTable(l))
}

func ldapTable(l client.LDAPConfiguration) table {
	return table{rows: append([][]string{
		{"enabled", yesNo(l.Enabled)},
		{"url", orDash(l.URL)},
		{"searchUserDN", orDash(l.SearchUserDN)},
		{"searchUserPassword", orDash(l.SearchUserPassword)},
		{"userSearchBase", orDash(l.UserSearchBase)},
		{"userSearchFilter", orDash(l.UserSearchFilter)},
	}, groupRows(l.AllowedGroups)...)}
}

func groupRows(groups []client.AllowedGroup) [][]string {
	if len(groups) == 0 {
		return [][]string{{"allowedGroups", "-"}}
	}
	var rows [][]string
	for _, g := range groups {
		rows = append(rows, []string{"allowedGroups", fmt.Sprintf("%s: roles %s, profile %d", g.Name, idList(g.DefaultRoleIDs), g.DefaultProfileID)})
	}
	return rows
}

type ldapSetCmd struct {
	Pairs              []string `arg:"" optional:"" name:"name=value" help:"What to change, by the names that usher settings ldap show has. NAME= clears."`
	SearchPassword     bool     `env:"-" xor:"search-password" help:"Set the password of who searches: USHER_LDAP_SEARCH_PASSWORD, or a prompt."`
	SearchPasswordFile string   `env:"-" xor:"search-password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
}

// Help is the text below the usage line.
func (ldapSetCmd) Help() string {
	return `The configuration is kept; signing in by a directory is still to come. Another url or searchUserDN without a new password
clears the stored one.

Examples:
  usher settings ldap set url=ldaps://directory.example.com searchUserDN=cn=usher,dc=example,dc=com --search-password
  usher settings ldap set 'allowedGroups=[{"name":"staff","defaultRoleIds":[2],"defaultProfileId":1}]'
  usher settings ldap set allowedGroups=@groups.json enabled=true`
}

// Validate refuses a command line that changes nothing.
func (cmd *ldapSetCmd) Validate() error {
	if len(cmd.Pairs) == 0 && !cmd.SearchPassword && cmd.SearchPasswordFile == "" {
		return errors.New("there is nothing to change")
	}
	return nil
}

// Run changes the configuration.
func (cmd *ldapSetCmd) Run(a *app) error {
	var update client.LDAPConfigurationUpdate
	err := assign(cmd.Pairs,
		truthField("enabled", &update.Enabled), clearableField("url", &update.URL), clearableField("searchUserDN", &update.SearchUserDN),
		secretField("searchUserPassword", "--search-password", &update.SearchUserPassword), clearableField("userSearchBase", &update.UserSearchBase),
		clearableField("userSearchFilter", &update.UserSearchFilter), groupsField("allowedGroups", &update.AllowedGroups))
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	if cmd.SearchPassword || cmd.SearchPasswordFile != "" {
		password, err := a.secret(source{
			what: "password of who searches", question: "Password at the directory",
			variable: "USHER_LDAP_SEARCH_PASSWORD", flag: "--search-password-file", file: cmd.SearchPasswordFile,
		})
		if err != nil {
			return err
		}
		update.SearchUserPassword = client.Set(password.Reveal())
	}
	l, err := c.UpdateLDAPConfiguration(a.ctx, update)
	if err != nil {
		return err
	}
	return a.show(l, ldapTable(l))
}

type samlCmd struct {
	Show             samlShowCmd  `cmd:"" help:"Show the configuration."`
	Set              samlSetCmd   `cmd:"" help:"Change the configuration."`
	RenewCertificate samlRenewCmd `cmd:"" help:"Make a new certificate, and show it."`
}

type samlShowCmd struct{}

// Help is the text below the usage line.
func (samlShowCmd) Help() string {
	return `Examples:
  usher settings saml show`
}

// Run shows the configuration.
func (samlShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	s, err := c.SAMLConfiguration(a.ctx)
	if err != nil {
		return err
	}
	return a.show(s, samlTable(s))
}

func samlTable(s client.SAMLConfiguration) table {
	return table{rows: append([][]string{
		{"enabled", yesNo(s.Enabled)},
		{"activateCreatedUsers", yesNo(s.ActivateCreatedUsers)},
		{"providerLoginUrl", orDash(s.ProviderLoginURL)},
		{"signatureCertificate", setOrDash(s.SignatureCertificate)},
		{"encryptionCertificate", setOrDash(s.EncryptionCertificate)},
		{"serviceProviderUrl", orDash(s.ServiceProviderURL)},
		{"assertEndpoint", orDash(s.AssertEndpoint)},
	}, groupRows(s.AllowedGroups)...)}
}

type samlSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change, by the names that usher settings saml show has. NAME= clears."`
}

// Help is the text below the usage line.
func (samlSetCmd) Help() string {
	return `The configuration is kept; signing in by an identity provider is still to come.

Examples:
  usher settings saml set providerLoginUrl=https://provider.example.com/saml signatureCertificate=@provider.pem
  usher settings saml set enabled=true activateCreatedUsers=true`
}

// Run changes the configuration.
func (cmd *samlSetCmd) Run(a *app) error {
	var update client.SAMLConfigurationUpdate
	err := assign(cmd.Pairs,
		truthField("enabled", &update.Enabled), truthField("activateCreatedUsers", &update.ActivateCreatedUsers),
		clearableField("providerLoginUrl", &update.ProviderLoginURL), fileField("signatureCertificate", &update.SignatureCertificate),
		groupsField("allowedGroups", &update.AllowedGroups))
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	s, err := c.UpdateSAMLConfiguration(a.ctx, update)
	if err != nil {
		return err
	}
	return a.show(s, samlTable(s))
}

type samlRenewCmd struct{}

// Help is the text below the usage line.
func (samlRenewCmd) Help() string {
	return `Makes a new key and a certificate for it, which the identity provider encrypts for. The old ones are gone: tell the provider
the new certificate.

Examples:
  usher settings saml renew-certificate > usher.pem`
}

// Run makes a certificate and shows it.
func (samlRenewCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	certificate, err := c.RenewSAMLCertificate(a.ctx)
	if err != nil {
		return err
	}
	if a.flags.Output == "json" {
		return a.show(map[string]string{"encryptionCertificate": certificate}, table{})
	}
	_, err = fmt.Fprint(a.stdout, printableLines(certificate))
	return err
}
