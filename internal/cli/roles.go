package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// RolesCmd is `usher roles`.
type RolesCmd struct {
	List        rolesListCmd        `cmd:"" help:"List the roles that you may see."`
	Get         rolesGetCmd         `cmd:"" help:"Show one role."`
	Defaults    rolesDefaultsCmd    `cmd:"" help:"List the roles that a new user gets."`
	Create      rolesCreateCmd      `cmd:"" help:"Create a role that permits nothing yet."`
	Copy        rolesCopyCmd        `cmd:"" help:"Create a role with the permissions of another."`
	Update      rolesUpdateCmd      `cmd:"" help:"Change the name or the description of a role."`
	Permissions rolesPermissionsCmd `cmd:"" help:"Show or replace the permissions of a role."`
	Delete      rolesDeleteCmd      `cmd:"" help:"Delete a role."`
}

type rolesListCmd struct{}

// Help returns the text that --help shows below the usage line.
func (rolesListCmd) Help() string {
	return `Examples:
  usher roles list
  usher roles list --output json`
}

// Run lists the roles.
func (rolesListCmd) Run(ctx context.Context, c *CLI) error {
	list := func(api *client.Client) ([]client.Role, error) { return api.Roles.List(ctx) }
	return ShowResult(ctx, c, list, rolesTable)
}

type rolesDefaultsCmd struct{}

// Help returns the text that --help shows below the usage line.
func (rolesDefaultsCmd) Help() string {
	return `Examples:
  usher roles defaults`
}

// Run lists the default roles.
func (rolesDefaultsCmd) Run(ctx context.Context, c *CLI) error {
	list := func(api *client.Client) ([]client.Role, error) { return api.Roles.ListDefaults(ctx) }
	return ShowResult(ctx, c, list, rolesTable)
}

type rolesGetCmd struct {
	Role string `arg:"" help:"Id or name."`
}

// Help returns the text that --help shows below the usage line.
func (rolesGetCmd) Help() string {
	return `Examples:
  usher roles get 2
  usher roles get "Front desk"`
}

// Run shows one role.
func (cmd *rolesGetCmd) Run(ctx context.Context, c *CLI) error {
	get := func(api *client.Client) (client.Role, error) { return lookup.Role(ctx, api, cmd.Role) }
	return ShowResult(ctx, c, get, roleTable)
}

type rolesCreateCmd struct {
	Name        string `env:"-" required:"" placeholder:"TEXT" help:"Name, which no other role has."`
	Description string `env:"-" placeholder:"TEXT" help:"What the role is for."`
}

// Help returns the text that --help shows below the usage line.
func (rolesCreateCmd) Help() string {
	return `Examples:
  usher roles create --name "Front desk" --description "Resets passwords."
  usher roles permissions "Front desk" --grant user:read --grant user:edit-access`
}

// Run creates a role.
func (cmd *rolesCreateCmd) Run(ctx context.Context, c *CLI) error {
	create := func(api *client.Client) (client.Role, error) {
		roles, err := api.Roles.Create(ctx, []client.NewRole{{Name: cmd.Name, Description: cmd.Description}})
		if err != nil {
			return client.Role{}, err
		}
		return roles[0], nil
	}
	if err := ShowResult(ctx, c, create, roleTable); err != nil {
		return err
	}
	c.Say("The role permits nothing yet. See: usher roles permissions --help")
	return nil
}

type rolesCopyCmd struct {
	Role string `arg:"" help:"Id or name of the role to copy."`
	Name string `env:"-" required:"" placeholder:"TEXT" help:"Name of the copy."`
}

// Help returns the text that --help shows below the usage line.
func (rolesCopyCmd) Help() string {
	return `A copy of role 1 has the permissions of this release; role 1 itself also gets those of later releases.

Examples:
  usher roles copy 2 --name "Front desk"`
}

// Run copies a role.
func (cmd *rolesCopyCmd) Run(ctx context.Context, c *CLI) error {
	copyRole := func(api *client.Client) (client.Role, error) {
		id, err := lookup.RoleID(ctx, api, cmd.Role)
		if err != nil {
			return client.Role{}, err
		}
		return api.Roles.Copy(ctx, id, cmd.Name)
	}
	return ShowResult(ctx, c, copyRole, roleTable)
}

type rolesUpdateCmd struct {
	Role        string  `arg:"" help:"Id or name."`
	Name        *string `env:"-" placeholder:"TEXT" help:"New name."`
	Description *string `env:"-" placeholder:"TEXT" help:"New description."`
}

// Help returns the text that --help shows below the usage line.
func (rolesUpdateCmd) Help() string {
	return `Examples:
  usher roles update 3 --name "Front desk"`
}

// Run changes a role.
func (cmd *rolesUpdateCmd) Run(ctx context.Context, c *CLI) error {
	update := func(api *client.Client) (client.Role, error) {
		id, err := lookup.RoleID(ctx, api, cmd.Role)
		if err != nil {
			return client.Role{}, err
		}
		return api.Roles.Update(ctx, id, client.RoleUpdate{Name: cmd.Name, Description: cmd.Description})
	}
	return ShowResult(ctx, c, update, roleTable)
}

// Validate refuses a command line that changes nothing.
func (cmd *rolesUpdateCmd) Validate() error {
	if cmd.Name == nil && cmd.Description == nil {
		return errors.New("there is nothing to change")
	}
	return nil
}

type rolesDeleteCmd struct {
	Role        string `arg:"" help:"Id or name."`
	ReplaceWith string `env:"-" placeholder:"ROLE" help:"Id or name of the role that its users, and the default roles, get in its place."`
	Yes         bool   `env:"-" help:"Do not ask."`
}

// Help returns the text that --help shows below the usage line.
func (rolesDeleteCmd) Help() string {
	return `Examples:
  usher roles delete "Front desk"
  usher roles delete 3 --replace-with 2 --yes`
}

// Run deletes a role, after the user has confirmed it.
func (cmd *rolesDeleteCmd) Run(ctx context.Context, c *CLI) error {
	if err := c.CanConfirm(cmd.Yes); err != nil {
		return err
	}
	api, r, err := c.signInForRole(ctx, cmd.Role)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("role %d, %s", r.ID, r.Name)
	if cmd.ReplaceWith == "" {
		if err := c.ConfirmDelete(ctx, cmd.Yes, text); err != nil {
			return err
		}
		if err := api.Roles.Delete(ctx, r.ID); err != nil {
			return err
		}
		c.Say("Deleted %s.", text)
		return nil
	}
	replacement, err := lookup.Role(ctx, api, cmd.ReplaceWith)
	if err != nil {
		return err
	}
	with := fmt.Sprintf("role %d, %s", replacement.ID, replacement.Name)
	if err := c.ConfirmDelete(ctx, cmd.Yes, text+", and replace it with "+with); err != nil {
		return err
	}
	if err := api.Roles.Replace(ctx, r.ID, replacement.ID); err != nil {
		return err
	}
	c.Say("Deleted %s, and replaced it with %s.", text, with)
	return nil
}

func rolesTable(roles []client.Role) command.Table {
	t := command.Table{Header: []string{"ID", "NAME", "PERMISSIONS", "DESCRIPTION"}}
	for _, r := range roles {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(r.ID, 10),
			r.Name,
			strconv.Itoa(len(r.Permissions)),
			command.OrDash(&r.Description),
		})
	}
	return t
}

func roleTable(r client.Role) command.Table {
	t := command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(r.ID, 10)},
		{"name", r.Name},
		{"description", command.OrDash(&r.Description)},
	}}
	label := "permissions"
	for _, text := range permissionTexts(r.Permissions) {
		t.Rows = append(t.Rows, []string{label, text})
		label = ""
	}
	return t
}
