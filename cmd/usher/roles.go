package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

type rolesCmd struct {
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

// Help is the text below the usage line.
func (rolesListCmd) Help() string {
	return `Examples:
  usher roles list
  usher roles list --output json`
}

// Run lists the roles.
func (rolesListCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	roles, err := c.Roles(a.ctx)
	if err != nil {
		return err
	}
	return a.show(roles, rolesTable(roles))
}

type rolesDefaultsCmd struct{}

// Help is the text below the usage line.
func (rolesDefaultsCmd) Help() string {
	return `Examples:
  usher roles defaults`
}

// Run lists the default roles.
func (rolesDefaultsCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	roles, err := c.DefaultRoles(a.ctx)
	if err != nil {
		return err
	}
	return a.show(roles, rolesTable(roles))
}

type rolesGetCmd struct {
	Role roleArg `arg:"" help:"Id or name."`
}

// Help is the text below the usage line.
func (rolesGetCmd) Help() string {
	return `Examples:
  usher roles get 2
  usher roles get "Front desk"`
}

// Run shows one role.
func (cmd *rolesGetCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	r, err := cmd.Role.find(a, c)
	if err != nil {
		return err
	}
	return a.show(r, roleTable(r))
}

type rolesCreateCmd struct {
	Name        string `env:"-" required:"" placeholder:"TEXT" help:"Name, which no other role has."`
	Description string `env:"-" placeholder:"TEXT" help:"What the role is for."`
}

// Help is the text below the usage line.
func (rolesCreateCmd) Help() string {
	return `Examples:
  usher roles create --name "Front desk" --description "Resets passwords."
  usher roles permissions "Front desk" --grant user:read --grant user:edit-access`
}

// Run creates a role.
func (cmd *rolesCreateCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	roles, err := c.CreateRoles(a.ctx, []client.NewRole{{Name: cmd.Name, Description: cmd.Description}})
	if err != nil {
		return err
	}
	if err := a.show(roles[0], roleTable(roles[0])); err != nil {
		return err
	}
	a.say("The role permits nothing yet. See: usher roles permissions --help")
	return nil
}

type rolesCopyCmd struct {
	Role roleArg `arg:"" help:"Id or name of the role to copy."`
	Name string  `env:"-" required:"" placeholder:"TEXT" help:"Name of the copy."`
}

// Help is the text below the usage line.
func (rolesCopyCmd) Help() string {
	return `A copy of role 1 has the permissions that there are today; role 1 itself also has those of later releases.

Examples:
  usher roles copy 2 --name "Front desk"`
}

// Run copies a role.
func (cmd *rolesCopyCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	id, err := cmd.Role.id(a, c)
	if err != nil {
		return err
	}
	r, err := c.CopyRole(a.ctx, id, cmd.Name)
	if err != nil {
		return err
	}
	return a.show(r, roleTable(r))
}

type rolesUpdateCmd struct {
	Role        roleArg `arg:"" help:"Id or name."`
	Name        *string `env:"-" placeholder:"TEXT" help:"Another name."`
	Description *string `env:"-" placeholder:"TEXT" help:"Another description."`
}

// Help is the text below the usage line.
func (rolesUpdateCmd) Help() string {
	return `Examples:
  usher roles update 3 --name "Front desk"`
}

// Run changes a role.
func (cmd *rolesUpdateCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	id, err := cmd.Role.id(a, c)
	if err != nil {
		return err
	}
	r, err := c.UpdateRole(a.ctx, id, client.RoleUpdate{Name: cmd.Name, Description: cmd.Description})
	if err != nil {
		return err
	}
	return a.show(r, roleTable(r))
}

// Validate refuses a command line that changes nothing.
func (cmd *rolesUpdateCmd) Validate() error {
	if cmd.Name == nil && cmd.Description == nil {
		return errors.New("there is nothing to change")
	}
	return nil
}

type rolesDeleteCmd struct {
	Role        roleArg `arg:"" help:"Id or name."`
	ReplaceWith roleArg `env:"-" placeholder:"ROLE" help:"Id or name of the role that its users, and the default roles, get in its place."`
	Yes         bool    `env:"-" help:"Do not ask."`
}

// Help is the text below the usage line.
func (rolesDeleteCmd) Help() string {
	return `Examples:
  usher roles delete "Front desk"
  usher roles delete 3 --replace-with 2 --yes`
}

// Run deletes one role, which is shown and asked about first.
func (cmd *rolesDeleteCmd) Run(a *app) error {
	if err := a.mayConfirm(cmd.Yes); err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	r, err := cmd.Role.find(a, c)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("role %d, %s", r.ID, r.Name)
	if cmd.ReplaceWith == "" {
		if err := a.confirmDelete(cmd.Yes, what); err != nil {
			return err
		}
		err = c.DeleteRole(a.ctx, r.ID)
	} else {
		with, findErr := cmd.ReplaceWith.find(a, c)
		if findErr != nil {
			return findErr
		}
		what += fmt.Sprintf(", and replaced it with role %d, %s", with.ID, with.Name)
		if err := a.confirmDelete(cmd.Yes, fmt.Sprintf("role %d, %s, and replace it with role %d, %s", r.ID, r.Name, with.ID, with.Name)); err != nil {
			return err
		}
		err = c.ReplaceRole(a.ctx, r.ID, with.ID)
	}
	if err != nil {
		return err
	}
	a.say("Deleted %s.", what)
	return nil
}

// roleArg names a role by id or by name.
type roleArg string

// id returns the id of the role. Only a name is looked up.
func (arg roleArg) id(a *app, c *client.Client) (int64, error) {
	if id, err := strconv.ParseInt(string(arg), 10, 64); err == nil {
		return id, nil
	}
	r, err := arg.find(a, c)
	return r.ID, err
}

// find returns the role. A name is looked up in the list, and upper and lower case
// are one.
func (arg roleArg) find(a *app, c *client.Client) (client.Role, error) {
	if id, err := strconv.ParseInt(string(arg), 10, 64); err == nil {
		return c.Role(a.ctx, id)
	}
	roles, err := c.Roles(a.ctx)
	if err != nil {
		return client.Role{}, err
	}
	for _, r := range roles {
		if account.RoleNameKey(r.Name) == account.RoleNameKey(string(arg)) {
			return r, nil
		}
	}
	return client.Role{}, withHint(fmt.Errorf("there is no role %q, or none that you may see", string(arg)), "`usher roles list` shows the roles")
}

func rolesTable(roles []client.Role) table {
	t := table{header: []string{"ID", "NAME", "PERMISSIONS", "DESCRIPTION"}}
	for _, r := range roles {
		t.rows = append(t.rows, []string{strconv.FormatInt(r.ID, 10), r.Name, strconv.Itoa(len(r.Permissions)), orDash(&r.Description)})
	}
	return t
}

func roleTable(r client.Role) table {
	t := table{rows: [][]string{{"id", strconv.FormatInt(r.ID, 10)}, {"name", r.Name}, {"description", orDash(&r.Description)}}}
	label := "permissions"
	for _, text := range permissionTexts(r.Permissions) {
		t.rows = append(t.rows, []string{label, text})
		label = ""
	}
	return t
}
