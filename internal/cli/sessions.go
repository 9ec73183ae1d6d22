package cli

import (
	"context"
	"errors"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
)

// SessionsCmd is `usher sessions`.
type SessionsCmd struct {
	List sessionsListCmd `cmd:"" help:"List your sessions, or a user's."`
	End  sessionsEndCmd  `cmd:"" help:"End one session, or all of a user."`
}

type sessionsListCmd struct {
	User string `arg:"" optional:"" help:"Id or e-mail address. Default: you."`
}

// Help returns the text that --help shows below the usage line.
func (sessionsListCmd) Help() string {
	return `Examples:
  usher sessions list
  usher sessions list ada@example.com`
}

// Run lists sessions.
func (cmd *sessionsListCmd) Run(ctx context.Context, c *CLI) error {
	list := func(api *client.Client) ([]client.Session, error) {
		user, err := lookup.UserID(ctx, api, cmd.User)
		if err != nil {
			return nil, err
		}
		return api.Sessions.List(ctx, user)
	}
	return ShowResult(ctx, c, list, sessionsTable)
}

func sessionsTable(sessions []client.Session) command.Table {
	t := command.Table{Header: []string{"ID", "THIS ONE", "FROM", "BEGAN", "LAST SEEN", "EXPIRES", "DEVICE"}}
	for _, s := range sessions {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(s.ID, 10),
			command.YesNo(s.Current),
			s.Source,
			command.TimeText(&s.CreatedAt),
			command.TimeText(&s.LastSeenAt),
			command.TimeText(&s.ExpiresAt),
			command.OrDash(&s.Device),
		})
	}
	return t
}

type sessionsEndCmd struct {
	ID          int64  `arg:"" optional:"" help:"Id of the session."`
	All         bool   `env:"-" help:"End all sessions."`
	KeepCurrent bool   `env:"-" help:"With --all: except the one that this command uses."`
	User        string `env:"-" placeholder:"USER" help:"With --all: those of this user, by id or e-mail address. Default: yours."`
}

// Help returns the text that --help shows below the usage line.
func (sessionsEndCmd) Help() string {
	return `API keys continue to work; ` + "`usher keys delete`" + ` ends them.

Examples:
  usher sessions end 31
  usher sessions end --all --keep-current
  usher sessions end --all --user ada@example.com`
}

// Validate requires the id of a session, or --all.
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
func (cmd *sessionsEndCmd) Run(ctx context.Context, c *CLI) error {
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	if !cmd.All {
		if err := api.Sessions.End(ctx, cmd.ID); err != nil {
			return err
		}
		c.Say("Session %d has ended.", cmd.ID)
		return nil
	}
	user, err := lookup.UserID(ctx, api, cmd.User)
	if err != nil {
		return err
	}
	if err := api.Sessions.EndAll(ctx, user, cmd.KeepCurrent); err != nil {
		return err
	}
	c.Say("The sessions have ended.")
	return nil
}
