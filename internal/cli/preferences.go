package cli

import (
	"context"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// PreferencesCmd is `usher preferences`.
type PreferencesCmd struct {
	Show preferencesShowCmd `cmd:"" help:"Show your preferences."`
	Set  preferencesSetCmd  `cmd:"" help:"Change your preferences."`
}

type preferencesShowCmd struct{}

// Help returns the text that --help shows below the usage line.
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

// Help returns the text that --help shows below the usage line.
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
