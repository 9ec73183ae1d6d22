package main

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
)

type preferencesCmd struct {
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
func (preferencesShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	p, err := c.Preferences(a.ctx)
	if err != nil {
		return err
	}
	return a.show(p, preferencesTable(p))
}

func preferencesTable(p client.Preferences) table {
	return table{rows: [][]string{{"language", p.Language}, {"preferredProfileId", strconv.Itoa(p.PreferredProfileID)}}}
}

type preferencesSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change: language, preferredProfileId."`
}

// Help is the text below the usage line.
func (preferencesSetCmd) Help() string {
	return `Examples:
  usher preferences set language=pt-BR`
}

// Run changes the caller's preferences.
func (cmd *preferencesSetCmd) Run(a *app) error {
	var update client.PreferencesUpdate
	err := assign(cmd.Pairs, textField("language", &update.Language), numberField("preferredProfileId", &update.PreferredProfileID))
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	p, err := c.UpdatePreferences(a.ctx, update)
	if err != nil {
		return err
	}
	return a.show(p, preferencesTable(p))
}
