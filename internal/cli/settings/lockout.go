package settings

import (
	"context"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli"
	"github.com/seed-3a99a2fe/usher/internal/cli/fields"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

type lockoutCmd struct {
	Show lockoutShowCmd `cmd:"" help:"Show the policy."`
	Set  lockoutSetCmd  `cmd:"" help:"Change the policy."`
}

type lockoutShowCmd struct{}

// Help returns the text that --help shows below the usage line.
func (lockoutShowCmd) Help() string {
	return `Examples:
  usher settings lockout show`
}

// Run shows the lockout policy.
func (lockoutShowCmd) Run(ctx context.Context, c *cli.CLI) error {
	get := func(api *client.Client) (client.LockoutPolicy, error) { return api.Settings.GetLockoutPolicy(ctx) }
	return cli.ShowResult(ctx, c, get, lockoutTable)
}

// lockoutOrder is the order of the settings in tables and messages.
var lockoutOrder = []string{"enabled", "failedAttemptThreshold", "failedAttemptPeriod", "lockoutDuration"}

func lockoutTable(p client.LockoutPolicy) command.Table {
	return fields.Table(p, lockoutOrder, map[string][]string{
		"failedAttemptPeriod": {secondsText(p.FailedAttemptPeriod, "never forgotten")},
		"lockoutDuration":     {secondsText(p.LockoutDuration, "until it is lifted")},
	})
}

// secondsText returns a number of seconds with its unit. For 0 it also returns the text zero, which says what 0 means
// for the setting.
func secondsText(n int, zero string) string {
	if n == 0 {
		return "0 (" + zero + ")"
	}
	return strconv.Itoa(n) + " s"
}

type lockoutSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change, by the names that usher settings lockout show has. Times are in seconds."`
}

// Help returns the text that --help shows below the usage line.
func (lockoutSetCmd) Help() string {
	return `A change applies from the next sign-in; existing locks stay. With lockoutDuration=0 a lock stays until an
administrator lifts it or the user recovers by mail. enabled=false doesn't lift the limit on failed sign-ins
from one network address.

Examples:
  usher settings lockout set failedAttemptThreshold=5 lockoutDuration=600
  usher settings lockout set enabled=false`
}

// Run changes the lockout policy.
func (cmd *lockoutSetCmd) Run(ctx context.Context, c *cli.CLI) error {
	var update client.LockoutPolicyUpdate
	if err := fields.Assign(cmd.Pairs, fields.Of(&update, lockoutOrder)...); err != nil {
		return err
	}
	set := func(api *client.Client) (client.LockoutPolicy, error) {
		if err := api.Settings.UpdateLockoutPolicy(ctx, update); err != nil {
			return client.LockoutPolicy{}, err
		}
		return api.Settings.GetLockoutPolicy(ctx)
	}
	return cli.ShowResult(ctx, c, set, lockoutTable)
}
