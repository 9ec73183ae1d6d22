package cli

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// UsersCmd is `usher users`.
type UsersCmd struct {
	List   usersListCmd   `cmd:"" help:"List the users that you may see."`
	Get    usersGetCmd    `cmd:"" help:"Show one user."`
	Create usersCreateCmd `cmd:"" help:"Create a user."`
	Update usersUpdateCmd `cmd:"" help:"Change a user."`
	Delete usersDeleteCmd `cmd:"" help:"Delete a user."`
	Roles  usersRolesCmd  `cmd:"" help:"Show or replace the roles of a user."`
	Invite usersInviteCmd `cmd:"" help:"Send a user a message to choose a password."`
	Import usersImportCmd `cmd:"" help:"Create the users of a CSV or JSON file, all or none."`
	Export usersExportCmd `cmd:"" help:"Write all users to a CSV or JSON file."`
}

type usersListCmd struct {
	Search   string `env:"-" placeholder:"WORDS" help:"Only users with all of these words in name, surname or address."`
	Role     int64  `env:"-" placeholder:"ID" help:"Only users with this role."`
	Active   *bool  `env:"-" negatable:"" help:"Only users that may sign in, or that may not."`
	Locked   *bool  `env:"-" negatable:"" help:"Only users that are locked, or that are not."`
	Provider string `env:"-" placeholder:"NAME" enum:"tenable,ldap,saml,tone," default:"" help:"Only users that this provider signs in: tenable (the server itself), ldap, saml or tone."`
	Sort     string `env:"-" placeholder:"FIELD" enum:"id,name,email,-id,-name,-email" default:"id" help:"Order: id, name or email; with a minus in descending order, as --sort=-name."`
	Limit    int    `env:"-" placeholder:"N" help:"How many users at most. Default: all."`
}

// Help returns the text that --help shows below the usage line.
func (usersListCmd) Help() string {
	return `Examples:
  usher users list
  usher users list --search "ada lovelace"
  usher users list --role 1 --no-active
  usher users list --sort=-name --limit 10
  usher users list --output json`
}

// Run lists the users.
func (cmd *usersListCmd) Run(ctx context.Context, c *CLI) error {
	if cmd.Limit < 0 {
		return command.UsageErrorf("--limit must not be negative")
	}
	list := func(api *client.Client) ([]client.User, error) { return cmd.list(ctx, api) }
	return ShowResult(ctx, c, list, profile.ListTable)
}

// list returns the users that the flags select.
func (cmd *usersListCmd) list(ctx context.Context, api *client.Client) ([]client.User, error) {
	if *cmd == (usersListCmd{Sort: string(client.SortByID)}) {
		return api.Users.List(ctx)
	}
	users := []client.User{}
	for u, err := range api.Users.FindAll(ctx, client.UserFilter{
		Search:   cmd.Search,
		RoleID:   cmd.Role,
		Active:   cmd.Active,
		Locked:   cmd.Locked,
		Provider: client.Provider(cmd.Provider),
		Sort:     client.UserSort(cmd.Sort),
		Limit:    pageSize(cmd.Limit),
	}) {
		if err != nil {
			return nil, err
		}
		if users = append(users, u); len(users) == cmd.Limit {
			break
		}
	}
	return users, nil
}

// pageSize returns how many users to request per page, for a list of at most limit users. A limit of 0 means no limit.
func pageSize(limit int) int {
	if limit == 0 || limit > client.MaxPage {
		return client.MaxPage
	}
	return limit
}

type usersGetCmd struct {
	User string `arg:"" help:"Id or e-mail address."`
}

// Help returns the text that --help shows below the usage line.
func (usersGetCmd) Help() string {
	return `Examples:
  usher users get 18
  usher users get ada@example.com`
}

// Run shows one user.
func (cmd *usersGetCmd) Run(ctx context.Context, c *CLI) error {
	get := func(api *client.Client) (client.User, error) { return lookup.User(ctx, api, cmd.User) }
	return ShowResult(ctx, c, get, profile.Table)
}

type usersDeleteCmd struct {
	User string `arg:"" help:"Id or e-mail address."`
	Yes  bool   `env:"-" help:"Do not ask."`
}

// Help returns the text that --help shows below the usage line.
func (usersDeleteCmd) Help() string {
	return `The user's sessions and API keys end. This can't be undone; ` + "`usher users update USER --no-active`" + `
keeps the user, who can't sign in then.

Examples:
  usher users delete ada@example.com
  usher users delete 18 --yes`
}

// Run deletes a user, after the caller has confirmed it.
func (cmd *usersDeleteCmd) Run(ctx context.Context, c *CLI) error {
	if err := c.CanConfirm(cmd.Yes); err != nil {
		return err
	}
	api, u, err := c.signInForUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("user %d, %s <%s>", u.ID, profile.FullName(u.Name, u.Surname), u.Email)
	if err := c.ConfirmDelete(ctx, cmd.Yes, text); err != nil {
		return err
	}
	if err := api.Users.Delete(ctx, u.ID); err != nil {
		return err
	}
	c.Say("Deleted %s.", text)
	return nil
}

type usersRolesCmd struct {
	User string   `arg:"" help:"Id or e-mail address."`
	Set  []string `env:"-" placeholder:"ROLE" help:"Ids or names of the roles that the user shall have, and no others. 1: administrator, 2: user."`
}

// Help returns the text that --help shows below the usage line.
func (usersRolesCmd) Help() string {
	return `Examples:
  usher users roles ada@example.com
  usher users roles ada@example.com --set 1,2
  usher users roles ada@example.com --set User,"Front desk"`
}

// Run shows or replaces the roles of a user.
func (cmd *usersRolesCmd) Run(ctx context.Context, c *CLI) error {
	api, u, err := c.signInForUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	roles := u.RoleIDs
	if len(cmd.Set) > 0 {
		ids := make([]int64, len(cmd.Set))
		for i, ref := range cmd.Set {
			if ids[i], err = lookup.RoleID(ctx, api, ref); err != nil {
				return err
			}
		}
		if roles, err = api.Users.SetRoles(ctx, u.ID, ids); err != nil {
			return err
		}
	}
	return c.Show(map[string][]int64{"roles": roles}, command.Table{Rows: [][]string{
		{"user", u.Email},
		{"roles", command.IDList(roles)},
	}})
}

type usersInviteCmd struct {
	User string `arg:"" help:"Id or e-mail address."`
}

// Help returns the text that --help shows below the usage line.
func (usersInviteCmd) Help() string {
	return `The message has a link with which the user chooses a password. It works once, for a week. The user must be
active.

Examples:
  usher users invite ada@example.com
  usher users invite 18`
}

// Run makes the server send the invitation.
func (cmd *usersInviteCmd) Run(ctx context.Context, c *CLI) error {
	api, u, err := c.signInForUser(ctx, cmd.User)
	if err != nil {
		return err
	}
	if err := api.Users.Invite(ctx, u.ID); err != nil {
		return err
	}
	c.Say("An invitation to %s is on its way.", u.Email)
	return nil
}
