package main

import (
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
)

type lockoutCmd struct {
	Show lockoutShowCmd `cmd:"" help:"Show the policy."`
	Set  lockoutSetCmd  `cmd:"" help:"Change the policy."`
}

type lockoutShowCmd struct{}

// Help is the text below the usage line.
func (lockoutShowCmd) Help() string {
	return `Examples:
  usher settings lockout show`
}

// Run shows the policy.
func (lockoutShowCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	return showLockout(a, c)
}

func showLockout(a *app, c *client.Client) error {
	p, err := c.LockoutPolicy(a.ctx)
	if err != nil {
		return err
	}
	return a.show(p, table{rows: [][]string{
		{"enabled", yesNo(p.Enabled)},
		{"failedAttemptThreshold", strconv.Itoa(p.FailedAttemptThreshold)},
		{"failedAttemptPeriod", secondsOr(p.FailedAttemptPeriod, "never forgotten")},
		{"lockoutDuration", secondsOr(p.LockoutDuration, "until it is lifted")},
	}})
}

// secondsOr is a number of seconds, or what 0 means.
func secondsOr(n int, zero string) string {
	if n == 0 {
		return "0 (" + zero + ")"
	}
	return strconv.Itoa(n) + " s"
}

type lockoutSetCmd struct {
	Pairs []string `arg:"" name:"name=value" help:"What to change, by the names that usher settings lockout show has. Times are in seconds."`
}

// Help is the text below the usage line.
func (lockoutSetCmd) Help() string {
	return `A change holds for the next sign-in; locks that were set stay. With lockoutDuration=0 a lock stays until an administrator
lifts it or its owner recovers by mail. enabled=false never lifts the limit of failed sign-ins of one network address.

Examples:
  usher settings lockout set failedAttemptThreshold=5 lockoutDuration=600
  usher settings lockout set enabled=false`
}

// Run changes the policy.
func (cmd *lockoutSetCmd) Run(a *app) error {
	var update client.LockoutPolicyUpdate
	err := assign(cmd.Pairs,
		truthField("enabled", &update.Enabled), numberField("failedAttemptThreshold", &update.FailedAttemptThreshold),
		numberField("failedAttemptPeriod", &update.FailedAttemptPeriod), numberField("lockoutDuration", &update.LockoutDuration))
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	if err := c.UpdateLockoutPolicy(a.ctx, update); err != nil {
		return err
	}
	return showLockout(a, c)
}
