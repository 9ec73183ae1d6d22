package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

type keysCmd struct {
	List     keysListCmd     `cmd:"" help:"List your API keys, or a user's."`
	Create   keysCreateCmd   `cmd:"" help:"Make a named API key, which ends at a set time and may do less than you."`
	Delete   keysDeleteCmd   `cmd:"" help:"End an API key."`
	Contract keysContractCmd `cmd:"" help:"Show or renew the one key that can be shown again."`
}

// Help is the text below the usage line.
func (keysCmd) Help() string {
	return `A key signs in to the API without a password: give it as USHER_TOKEN or --token-file here, in the header x-api-key
elsewhere. Each user has one key of the contract, which can be shown again and never expires, and up to 50 named ones.
Named keys never reach keys, sessions and passwords: give each script one of its own, with no more than it needs.`
}

type keysListCmd struct {
	User userArg `arg:"" optional:"" help:"Id or e-mail address. Default: you."`
}

// Help is the text below the usage line.
func (keysListCmd) Help() string {
	return `Examples:
  usher keys list
  usher keys list ada@example.com
  usher keys list --output json            (with each permission)`
}

// Run lists keys.
func (cmd *keysListCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	user, err := cmd.User.id(a, c)
	if err != nil {
		return err
	}
	keys, err := c.APIKeys(a.ctx, user)
	if err != nil {
		return err
	}
	t := table{header: []string{"ID", "NAME", "KIND", "HINT", "MAY", "CREATED", "EXPIRES", "LAST USED"}}
	for _, k := range keys {
		t.rows = append(t.rows, []string{
			strconv.FormatInt(k.ID, 10), orDash(&k.Name), string(k.Kind), "…" + k.Hint, keyMayInShort(k),
			timeText(&k.CreatedAt), timeText(k.ExpiresAt), timeText(k.LastUsedAt),
		})
	}
	return a.show(keys, t)
}

// keyMayInShort fits what a key may do into a column.
func keyMayInShort(k client.APIKey) string {
	writes := func(p client.Permission) bool { return p.Action != "read" }
	switch {
	case k.Permissions == nil:
		return "all"
	case len(k.Permissions) > 0 && !slices.ContainsFunc(k.Permissions, writes):
		return "read-only"
	}
	return count(len(k.Permissions), "permission")
}

// keyMay says what a key may do.
func keyMay(k client.APIKey) string {
	if k.Permissions == nil {
		return "everything of its owner's"
	}
	return strings.Join(permissionTexts(k.Permissions), ", ")
}

type keysCreateCmd struct {
	Name     string   `arg:"" help:"What the key is for."`
	Days     int      `env:"-" default:"90" placeholder:"N" help:"How long it is good for, at most 3650 days. Default: ${default}."`
	ReadOnly bool     `env:"-" xor:"narrow" help:"It may only read what you may read."`
	Grant    []string `env:"-" xor:"narrow" sep:"none" placeholder:"PERMISSION" help:"A permission that the key shall have, as ENTITY:ACTION, ENTITY:ACTION:self or ENTITY:ACTION:ID,ID. Can be given many times; the key has these then, as far as you have them, and no others."`
}

// Help is the text below the usage line.
func (keysCreateCmd) Help() string {
	return `The key is shown this once. It may do what you may at that time, or as much of it as is named here, but never reaches
keys, sessions and passwords.

Examples:
  usher keys create "nightly export" --read-only
  usher keys create provisioning --days 365 --grant user:read --grant user:create`
}

// Run makes a named key.
func (cmd *keysCreateCmd) Run(a *app) error {
	c, err := a.signedIn()
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
	created, err := c.CreateAPIKey(a.ctx, key)
	if err != nil {
		return err
	}
	k := created.Details
	defer a.say("The key is not shown again.")
	return a.show(struct {
		Key     string        `json:"key"`
		Details client.APIKey `json:"details"`
	}{created.Key, k}, table{rows: [][]string{
		{"id", strconv.FormatInt(k.ID, 10)}, {"name", k.Name}, {"may", keyMay(k)}, {"expires", timeText(k.ExpiresAt)}, {"key", created.Key},
	}})
}

// Validate refuses a life that the server would refuse, or take for the default.
func (cmd *keysCreateCmd) Validate() error {
	if cmd.Days < 1 || cmd.Days > 3650 {
		return fmt.Errorf("--days must be 1 to 3650")
	}
	return nil
}

type keysDeleteCmd struct {
	ID int64 `arg:"" help:"Id of the key."`
}

// Help is the text below the usage line.
func (keysDeleteCmd) Help() string {
	return `The key ends at once and for good, also one of another user, if you have every permission that he has.

Examples:
  usher keys list
  usher keys delete 5`
}

// Run ends a key.
func (cmd *keysDeleteCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	if err := c.EndAPIKey(a.ctx, cmd.ID); err != nil {
		return err
	}
	a.say("Key %d has ended.", cmd.ID)
	return nil
}

type keysContractCmd struct {
	Show  keysContractShowCmd  `cmd:"" help:"Show your key of the contract."`
	Renew keysContractRenewCmd `cmd:"" help:"Make a new key of the contract; the one before it ends at once."`
}

type keysContractShowCmd struct{}

// Help is the text below the usage line.
func (keysContractShowCmd) Help() string {
	return `Examples:
  usher keys contract show
  export USHER_TOKEN=$(usher keys contract show)`
}

// Run shows the key.
func (keysContractShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	key, err := c.ContractKey(a.ctx)
	if err != nil {
		return err
	}
	return a.showContractKey(key)
}

type keysContractRenewCmd struct{}

// Help is the text below the usage line.
func (keysContractRenewCmd) Help() string {
	return `Whatever uses the key of before stops working. You get a message about the new one.

Examples:
  usher keys contract renew`
}

// Run makes the key.
func (keysContractRenewCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	key, err := c.RenewContractKey(a.ctx)
	if err != nil {
		return err
	}
	return a.showContractKey(key)
}

// showContractKey writes the key alone, so that a shell can take it.
func (a *app) showContractKey(key string) error {
	return a.show(map[string]string{"key": key}, table{rows: [][]string{{key}}})
}
