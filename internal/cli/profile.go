package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// WhoamiCmd is `usher whoami`.
type WhoamiCmd struct{}

// Help is the text below the usage line.
func (WhoamiCmd) Help() string {
	return `Examples:
  usher whoami
  usher whoami --output json
  USHER_TOKEN_FILE=/run/secrets/api-key usher whoami`
}

// Run shows the caller.
func (WhoamiCmd) Run(ctx context.Context, c *CLI) error {
	return ShowResult(ctx, c, func(api *client.Client) (client.Whoami, error) { return api.Whoami(ctx) }, whoamiTable)
}

func whoamiTable(me client.Whoami) command.Table {
	t := command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(me.ID, 10)},
		{"name", fullName(me.Name, me.Surname)},
		{"e-mail", me.Email},
		{"signed in by", string(me.Provider)},
		{"department", command.OrDash(me.Department)},
	}}
	for _, role := range me.Roles {
		t.Rows = append(t.Rows, []string{"role", fmt.Sprintf("%d, %s", role.ID, role.Name)})
		for _, text := range permissionTexts(role.Permissions) {
			t.Rows = append(t.Rows, []string{"", text})
		}
	}
	return t
}

// PreferencesCmd is `usher preferences`.
type PreferencesCmd struct {
	Show preferencesShowCmd `cmd:"" help:"Show your preferences."`
	Set  preferencesSetCmd  `cmd:"" help:"Change your preferences."`
}

type preferencesShowCmd struct{}

// Help is the text below the usage line.
func (preferencesShowCmd) Help() string {
	return `Examples:
  usher preferences show`
}

// Run shows the caller's preferences.
func (preferencesShowCmd) Run(ctx context.Context, c *CLI) error {
	get := func(api *client.Client) (client.Preferences, error) { return api.Preferences.Get(ctx) }
	return ShowResult(ctx, c, get, preferencesTable)
}

func preferencesTable(p client.Preferences) command.Table { return fields.Table(p, nil, nil) }

type preferencesSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change: language, preferredProfileId."`
}

// Help is the text below the usage line.
func (preferencesSetCmd) Help() string {
	return `Examples:
  usher preferences set language=pt-BR`
}

// Run changes the caller's preferences.
func (cmd *preferencesSetCmd) Run(ctx context.Context, c *CLI) error {
	var update client.PreferencesUpdate
	if err := fields.Assign(cmd.Pairs, fields.Of(&update, nil)...); err != nil {
		return err
	}
	set := func(api *client.Client) (client.Preferences, error) { return api.Preferences.Update(ctx, update) }
	return ShowResult(ctx, c, set, preferencesTable)
}
