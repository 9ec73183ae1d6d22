package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// KeysCmd is `usher keys`.
type KeysCmd struct {
	List     keysListCmd     `cmd:"" help:"List your API keys, or a user's."`
	Create   keysCreateCmd   `cmd:"" help:"Create a named API key, which expires at a set time and may have fewer permissions than you."`
	Delete   keysDeleteCmd   `cmd:"" help:"End an API key."`
	Contract keysContractCmd `cmd:"" help:"Show or renew the one key that can be shown again."`
}

// Help returns the text that --help shows below the usage line.
func (KeysCmd) Help() string {
	return `A key signs in to the API without a password: give it as USHER_TOKEN or --token-file here, in the header
x-api-key elsewhere. Each user has one key of the contract, which can be shown again and never expires, and
up to 50 named ones. Named keys can never manage keys, sessions and passwords: give each script its own key,
with only the permissions that it needs.`
}

type keysListCmd struct {
	User string `arg:"" optional:"" help:"Id or e-mail address. Default: you."`
}

// Help returns the text that --help shows below the usage line.
func (keysListCmd) Help() string {
	return `Examples:
  usher keys list
  usher keys list ada@example.com
  usher keys list --output json            (with each permission)`
}

// Run lists keys.
func (cmd *keysListCmd) Run(ctx context.Context, c *CLI) error {
	list := func(api *client.Client) ([]client.APIKey, error) {
		user, err := lookup.UserID(ctx, api, cmd.User)
		if err != nil {
			return nil, err
		}
		return api.Keys.List(ctx, user)
	}
	return ShowResult(ctx, c, list, keysTable)
}

func keysTable(keys []client.APIKey) command.Table {
	t := command.Table{Header: []string{"ID", "NAME", "KIND", "HINT", "MAY", "CREATED", "EXPIRES", "LAST USED"}}
	for _, k := range keys {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(k.ID, 10),
			command.OrDash(&k.Name),
			string(k.Kind),
			"…" + k.Hint,
			keySummary(k),
			command.TimeText(&k.CreatedAt),
			command.TimeText(k.ExpiresAt),
			command.TimeText(k.LastUsedAt),
		})
	}
	return t
}

// keySummary returns a short summary of a key's permissions, for a table column.
func keySummary(k client.APIKey) string {
	writes := func(p client.Permission) bool { return p.Action != "read" }
	switch {
	case k.Permissions == nil:
		return "all"
	case len(k.Permissions) > 0 && !slices.ContainsFunc(k.Permissions, writes):
		return "read-only"
	}
	return command.Count(len(k.Permissions), "permission")
}

// keyPermissions returns all permissions of a key as text.
func keyPermissions(k client.APIKey) string {
	if k.Permissions == nil {
		return "everything of its owner's"
	}
	return strings.Join(permissionTexts(k.Permissions), ", ")
}

type keysCreateCmd struct {
	Name     string   `arg:"" help:"What the key is for."`
	Days     int      `env:"-" default:"90" placeholder:"N" help:"Days until it expires, at most 3650. Default: ${default}."`
	ReadOnly bool     `env:"-" xor:"narrow" help:"Only your permissions to read."`
	Grant    []string `env:"-" xor:"narrow" sep:"none" placeholder:"PERMISSION" help:"A permission that the key shall have, as ENTITY:ACTION, ENTITY:ACTION:self or ENTITY:ACTION:ID,ID. Repeatable; the key has only these permissions, as far as you have them."`
}

// Help returns the text that --help shows below the usage line.
func (keysCreateCmd) Help() string {
	return `The key is shown this once. It has your permissions, or those of them that you name here. It can never
manage keys, sessions and passwords.

Examples:
  usher keys create "nightly export" --read-only
  usher keys create provisioning --days 365 --grant user:read --grant user:create`
}

// Run creates a named key and prints its text, which is shown only this once.
func (cmd *keysCreateCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	key := client.NewAPIKey{Name: cmd.Name, ExpiresInDays: cmd.Days, ReadOnly: cmd.ReadOnly}
	for _, text := range cmd.Grant {
		p, err := parsePermission(text)
		if err != nil {
			return err
		}
		key.Permissions = append(key.Permissions, p)
	}
	created, err := api.Keys.Create(ctx, key)
	if err != nil {
		return err
	}
	defer c.Say("The key is not shown again.")
	k := created.Details
	return c.Show(struct {
		Key     string        `json:"key"`
		Details client.APIKey `json:"details"`
	}{Key: created.Key, Details: k}, command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(k.ID, 10)},
		{"name", k.Name},
		{"may", keyPermissions(k)},
		{"expires", command.TimeText(k.ExpiresAt)},
		{"key", created.Key},
	}})
}

// Validate refuses a lifetime that the server would refuse or would replace by its default.
func (cmd *keysCreateCmd) Validate() error {
	if cmd.Days < 1 || cmd.Days > 3650 {
		return fmt.Errorf("--days must be 1 to 3650")
	}
	return nil
}

type keysDeleteCmd struct {
	ID   int64  `arg:"" optional:"" help:"Id of the key."`
	All  bool   `env:"-" help:"End all keys."`
	User string `env:"-" placeholder:"USER" help:"With --all: those of this user, by id or e-mail address. Default: yours."`
}

// Help returns the text that --help shows below the usage line.
func (keysDeleteCmd) Help() string {
	return `The key ends at once and for good, also one of another user, if you have all the permissions of that user.

Examples:
  usher keys list
  usher keys delete 5
  usher keys delete --all
  usher keys delete --all --user ada@example.com`
}

// Validate requires the id of a key, or --all.
func (cmd *keysDeleteCmd) Validate() error {
	switch {
	case (cmd.ID != 0) == cmd.All:
		return errors.New("name the id of a key, or --all")
	case !cmd.All && cmd.User != "":
		return errors.New("--user goes with --all")
	}
	return nil
}

// Run revokes an API key, or all of a user.
func (cmd *keysDeleteCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	if cmd.All {
		user, err := lookup.UserID(ctx, api, cmd.User)
		if err != nil {
			return err
		}
		if err := api.Keys.RevokeAll(ctx, user); err != nil {
			return err
		}
		c.Say("The keys have ended.")
		return nil
	}
	if err := api.Keys.Revoke(ctx, cmd.ID); err != nil {
		return err
	}
	c.Say("Key %d has ended.", cmd.ID)
	return nil
}

type keysContractCmd struct {
	Show  keysContractShowCmd  `cmd:"" help:"Show your key of the contract."`
	Renew keysContractRenewCmd `cmd:"" help:"Create a new key of the contract; the previous one ends at once."`
}

type keysContractShowCmd struct{}

// Help returns the text that --help shows below the usage line.
func (keysContractShowCmd) Help() string {
	return `Examples:
  usher keys contract show
  export USHER_TOKEN=$(usher keys contract show)`
}

// Run prints the contract key of the caller.
func (keysContractShowCmd) Run(ctx context.Context, c *CLI) error {
	return c.showContractKey(ctx, func(api *client.Client) (string, error) { return api.Keys.GetContractKey(ctx) })
}

type keysContractRenewCmd struct{}

// Help returns the text that --help shows below the usage line.
func (keysContractRenewCmd) Help() string {
	return `Programs that use the previous key stop working. You get a message about the new one.

Examples:
  usher keys contract renew`
}

// Run replaces the caller's contract key, the one API key that can be shown again. It prints the
// new key and revokes the old one.
func (keysContractRenewCmd) Run(ctx context.Context, c *CLI) error {
	return c.showContractKey(ctx, func(api *client.Client) (string, error) { return api.Keys.RenewContractKey(ctx) })
}

// showContractKey prints the key that get returns and nothing else, so that a script can read it.
func (c *CLI) showContractKey(ctx context.Context, get func(*client.Client) (string, error)) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	key, err := get(api)
	if err != nil {
		return err
	}
	return c.Show(map[string]string{"key": key}, command.Table{Rows: [][]string{{key}}})
}
