package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
)

type usersCmd struct {
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
	Sort     string `env:"-" placeholder:"FIELD" enum:"id,name,email,-id,-name,-email" default:"id" help:"Order: id, name or email; with a minus the other way round, as --sort=-name."`
	Limit    int    `env:"-" placeholder:"N" help:"How many users at most. Default: all."`
}

// Help is the text below the usage line.
func (usersListCmd) Help() string {
	return `Examples:
  usher users list
  usher users list --search "ada lovelace"
  usher users list --role 1 --no-active
  usher users list --sort=-name --limit 10
  usher users list --output json`
}

// Run lists the users.
func (cmd *usersListCmd) Run(a *app) error {
	if cmd.Limit < 0 {
		return usage("--limit must not be negative")
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	users, err := cmd.find(a, c)
	if err != nil {
		return err
	}
	t := table{header: []string{"ID", "NAME", "E-MAIL", "ACTIVE", "LOCKED", "ROLES", "DEPARTMENT"}}
	for _, u := range users {
		t.rows = append(t.rows, []string{
			strconv.FormatInt(u.ID, 10), fullName(u.Name, u.Surname), u.Email,
			yesNo(u.Active), yesNo(u.LockedOut), idList(u.RoleIDs), orDash(u.Department),
		})
	}
	return a.show(users, t)
}

// find returns the users that the flags ask for.
func (cmd *usersListCmd) find(a *app, c *client.Client) ([]client.User, error) {
	if *cmd == (usersListCmd{Sort: string(client.SortByID)}) {
		return c.Users(a.ctx)
	}
	users := []client.User{}
	for u, err := range c.FindAllUsers(a.ctx, client.UserFilter{
		Search: cmd.Search, RoleID: cmd.Role, Active: cmd.Active, Locked: cmd.Locked, Provider: client.Provider(cmd.Provider),
		Sort: client.UserSort(cmd.Sort), Limit: page(cmd.Limit),
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

// page is how much to ask for at once of a list that is to have so much; 0: all.
func page(limit int) int {
	if limit == 0 || limit > client.MaxPage {
		return client.MaxPage
	}
	return limit
}

type usersGetCmd struct {
	User userArg `arg:"" help:"Id or e-mail address."`
}

// Help is the text below the usage line.
func (usersGetCmd) Help() string {
	return `Examples:
  usher users get 18
  usher users get ada@example.com`
}

// Run shows one user.
func (cmd *usersGetCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	u, err := cmd.User.find(a, c)
	if err != nil {
		return err
	}
	return a.show(u, userTable(u))
}

type usersDeleteCmd struct {
	User userArg `arg:"" help:"Id or e-mail address."`
	Yes  bool    `env:"-" help:"Do not ask."`
}

// Help is the text below the usage line.
func (usersDeleteCmd) Help() string {
	return `The user's sessions and API keys end. There is no way back; ` + "`usher users update USER --no-active`" + ` keeps the user, but lets nobody in.

Examples:
  usher users delete ada@example.com
  usher users delete 18 --yes`
}

// Run deletes one user, who is shown and asked about first.
func (cmd *usersDeleteCmd) Run(a *app) error {
	if err := a.mayConfirm(cmd.Yes); err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	u, err := cmd.User.find(a, c)
	if err != nil {
		return err
	}
	who := fmt.Sprintf("user %d, %s <%s>", u.ID, fullName(u.Name, u.Surname), u.Email)
	if err := a.confirmDelete(cmd.Yes, who); err != nil {
		return err
	}
	if err := c.DeleteUser(a.ctx, u.ID); err != nil {
		return err
	}
	a.say("Deleted %s.", who)
	return nil
}

type usersRolesCmd struct {
	User userArg   `arg:"" help:"Id or e-mail address."`
	Set  []roleArg `env:"-" placeholder:"ROLE" help:"Ids or names of the roles that the user shall have, and no others. 1: administrator, 2: user."`
}

// Help is the text below the usage line.
func (usersRolesCmd) Help() string {
	return `Examples:
  usher users roles ada@example.com
  usher users roles ada@example.com --set 1,2
  usher users roles ada@example.com --set User,"Front desk"`
}

// Run shows or replaces the roles of a user.
func (cmd *usersRolesCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	u, err := cmd.User.find(a, c)
	if err != nil {
		return err
	}
	roles := u.RoleIDs
	if len(cmd.Set) > 0 {
		wanted := make([]int64, len(cmd.Set))
		for i, arg := range cmd.Set {
			if wanted[i], err = arg.id(a, c); err != nil {
				return err
			}
		}
		if roles, err = c.SetUserRoles(a.ctx, u.ID, wanted); err != nil {
			return err
		}
	}
	return a.show(map[string][]int64{"roles": roles}, table{rows: [][]string{{"user", u.Email}, {"roles", idList(roles)}}})
}

// userArg names a user by id or by e-mail address.
type userArg string

// find returns the user. An address is searched for.
func (arg userArg) find(a *app, c *client.Client) (client.User, error) {
	if id, err := strconv.ParseInt(string(arg), 10, 64); err == nil {
		return c.User(a.ctx, id)
	}
	key, ok := account.ParseEmail(string(arg))
	if !ok {
		return client.User{}, withHint(usage("%q is neither an id nor an e-mail address", string(arg)), "`usher users list` shows both")
	}
	for u, err := range c.FindAllUsers(a.ctx, client.UserFilter{Search: searchFor(string(arg), key), Limit: client.MaxPage}) {
		if err != nil {
			return client.User{}, err
		}
		if k, ok := account.ParseEmail(u.Email); ok && k == key {
			return u, nil
		}
	}
	return client.User{}, withHint(errNoSuchUser, "`usher users list` shows the users")
}

// errNoSuchUser means that an address was searched for in vain.
var errNoSuchUser = errors.New("there is no user with this e-mail address, or none that you may see")

// searchFor returns what to search an address by: the whole of it, unless its
// domain has letters beyond ASCII, which can be written in more ways than one.
func searchFor(address string, key account.EmailKey) string {
	if at := strings.LastIndexByte(address, '@'); strings.Contains(string(key), "xn--") {
		return address[:at]
	}
	return address
}

// id returns the id of the user without asking whether there is one, or 0 for an
// empty name, which is the caller.
func (arg userArg) id(a *app, c *client.Client) (int64, error) {
	if arg == "" {
		return 0, nil
	}
	if id, err := strconv.ParseInt(string(arg), 10, 64); err == nil && id > 0 {
		return id, nil
	}
	u, err := arg.find(a, c)
	return u.ID, err
}

func userTable(u client.User) table {
	return table{rows: [][]string{
		{"id", strconv.FormatInt(u.ID, 10)},
		{"name", u.Name},
		{"surname", orDash(u.Surname)},
		{"e-mail", u.Email},
		{"department", orDash(u.Department)},
		{"biography", orDash(u.Biography)},
		{"active", yesNo(u.Active)},
		{"locked", yesNo(u.LockedOut)},
		{"roles", idList(u.RoleIDs)},
		{"signed in by", string(u.Provider)},
	}}
}

func fullName(name string, surname *string) string {
	if surname == nil || *surname == "" {
		return name
	}
	return name + " " + *surname
}

func idList(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}
