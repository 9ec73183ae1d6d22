package main

import (
	"errors"
	"strconv"
)

type sessionsCmd struct {
	List sessionsListCmd `cmd:"" help:"List your sessions, or a user's."`
	End  sessionsEndCmd  `cmd:"" help:"End one session, or all of a user."`
}

type sessionsListCmd struct {
	User userArg `arg:"" optional:"" help:"Id or e-mail address. Default: you."`
}

// Help is the text below the usage line.
func (sessionsListCmd) Help() string {
	return `Examples:
  usher sessions list
  usher sessions list ada@example.com`
}

// Run lists sessions.
func (cmd *sessionsListCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	user, err := cmd.User.id(a, c)
	if err != nil {
		return err
	}
	sessions, err := c.Sessions(a.ctx, user)
	if err != nil {
		return err
	}
	t := table{header: []string{"ID", "THIS ONE", "FROM", "BEGAN", "LAST SEEN", "EXPIRES", "DEVICE"}}
	for _, s := range sessions {
		t.rows = append(t.rows, []string{
			strconv.FormatInt(s.ID, 10), yesNo(s.Current), s.Source,
			timeText(&s.CreatedAt), timeText(&s.LastSeenAt), timeText(&s.ExpiresAt), orDash(&s.Device),
		})
	}
	return a.show(sessions, t)
}

type sessionsEndCmd struct {
	ID          int64   `arg:"" optional:"" help:"Id of the session."`
	All         bool    `env:"-" help:"End all sessions."`
	KeepCurrent bool    `env:"-" help:"With --all: but for the one that this command uses."`
	User        userArg `env:"-" placeholder:"USER" help:"With --all: those of this user, by id or e-mail address. Default: yours."`
}

// Help is the text below the usage line.
func (sessionsEndCmd) Help() string {
	return `API keys go on; ` + "`usher keys delete`" + ` ends them.

Examples:
  usher sessions end 31
  usher sessions end --all --keep-current
  usher sessions end --all --user ada@example.com`
}

// Validate wants one session or all.
func (cmd *sessionsEndCmd) Validate() error {
	switch {
	case (cmd.ID != 0) == cmd.All:
		return errors.New("name the id of a session, or --all")
	case !cmd.All && (cmd.KeepCurrent || cmd.User != ""):
		return errors.New("--keep-current and --user go with --all")
	}
	return nil
}

// Run ends sessions.
func (cmd *sessionsEndCmd) Run(a *app) error {
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	if !cmd.All {
		if err := c.EndSession(a.ctx, cmd.ID); err != nil {
			return err
		}
		a.say("Session %d has ended.", cmd.ID)
		return nil
	}
	user, err := cmd.User.id(a, c)
	if err != nil {
		return err
	}
	if err := c.EndSessions(a.ctx, user, cmd.KeepCurrent); err != nil {
		return err
	}
	a.say("The sessions have ended.")
	return nil
}
