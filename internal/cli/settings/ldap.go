package settings

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

type ldapCmd struct {
	Show ldapShowCmd `cmd:"" help:"Show the configuration."`
	Set  ldapSetCmd  `cmd:"" help:"Change the configuration."`
}

type ldapShowCmd struct{}

// Help returns the text that --help shows below the usage line.
func (ldapShowCmd) Help() string {
	return `Examples:
  usher settings ldap show`
}

// Run shows the LDAP configuration.
func (ldapShowCmd) Run(ctx context.Context, c *cli.CLI) error {
	get := func(api *client.Client) (client.LDAPConfiguration, error) { return api.Settings.GetLDAP(ctx) }
	return cli.ShowResult(ctx, c, get, ldapTable)
}

func ldapTable(l client.LDAPConfiguration) command.Table {
	return fields.Table(l, nil, map[string][]string{"allowedGroups": groupTexts(l.AllowedGroups)})
}

// groupTexts returns a text for each group whose members may sign in. If there are no groups, it returns "-".
func groupTexts(groups []client.AllowedGroup) []string {
	if len(groups) == 0 {
		return []string{"-"}
	}
	texts := make([]string, len(groups))
	for i, g := range groups {
		texts[i] = fmt.Sprintf("%s: roles %s, profile %d", g.Name, command.IDList(g.DefaultRoleIDs), g.DefaultProfileID)
	}
	return texts
}

type ldapSetCmd struct {
	Pairs              []string `arg:"" optional:"" name:"name=value" help:"What to change, by the names that usher settings ldap show has. NAME= clears."`
	SearchPassword     bool     `env:"-" xor:"search-password" help:"Set the password of the search user: USHER_LDAP_SEARCH_PASSWORD, or a prompt."`
	SearchPasswordFile string   `env:"-" xor:"search-password" placeholder:"FILE" help:"The same, with the password in a file, - for standard input."`
}

// Help returns the text that --help shows below the usage line.
func (ldapSetCmd) Help() string {
	return `The configuration is stored only; sign-in by a directory is not available yet. Another url or searchUserDN
without a new password clears the stored one.

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

// Run changes the LDAP configuration.
func (cmd *ldapSetCmd) Run(ctx context.Context, c *cli.CLI) error {
	var update client.LDAPConfigurationUpdate
	list := fields.Of(&update, fields.Names(client.LDAPConfiguration{}),
		fields.Secret("searchUserPassword", "--search-password", &update.SearchUserPassword))
	if err := fields.Assign(cmd.Pairs, list...); err != nil {
		return err
	}
	set := func(api *client.Client) (client.LDAPConfiguration, error) {
		if cmd.SearchPassword || cmd.SearchPasswordFile != "" {
			password, err := c.Secret(ctx, command.SecretSource{
				Name:     "password of the search user",
				Question: "Password at the directory",
				Variable: "USHER_LDAP_SEARCH_PASSWORD",
				Flag:     "--search-password-file",
				File:     cmd.SearchPasswordFile,
			})
			if err != nil {
				return client.LDAPConfiguration{}, err
			}
			update.SearchUserPassword = client.Set(password.Reveal())
		}
		return api.Settings.UpdateLDAP(ctx, update)
	}
	return cli.ShowResult(ctx, c, set, ldapTable)
}
