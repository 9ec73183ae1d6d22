package cli

import (
	"bufio"
	"context"
	"io"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

type usersExportCmd struct {
	File   string `arg:"" default:"-" help:"The file, - for standard output. An existing one is replaced."`
	Format string `env:"-" enum:"csv,json,auto" default:"auto" placeholder:"FORM" help:"Format of the file: csv or json. Default: by the extension of its name, or csv."`
}

// Help returns the text that --help shows below the usage line.
func (usersExportCmd) Help() string {
	return `The file has the columns ` + profile.ExportColumns + `. It can be imported again. A
server never returns passwords, so the import invites active users by mail, unless the file gets a column
password or password_hash. ` + "`usher users list --output json`" + ` has more columns: ids, roles, locks.

In CSV, a value that a spreadsheet would run as a formula gets a single quote (') before it, and the import
removes it again. The file is for your account alone (mode 0600).

Examples:
  usher users export users.csv
  usher users export --format json | jq length`
}

// Run writes all users to the file while the server sends them.
func (cmd *usersExportCmd) Run(ctx context.Context, c *CLI) error {
	name := cmd.Format
	if cmd.File == "-" && name == "auto" {
		name = string(userfile.CSV)
	}
	format, err := fileFormat(cmd.File, name)
	if err != nil {
		return err
	}
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	users := 0
	err = c.writeFile(cmd.File, func(to io.Writer) (err error) {
		users, err = exportUsers(ctx, api, to, format)
		return err
	})
	if err == nil && cmd.File != "-" {
		c.Say("Wrote %s to %s, without passwords.", command.Count(users, "user"), cmd.File)
	}
	return err
}

// exportUsers writes all users to a file in the given format. It returns the number of users.
func exportUsers(ctx context.Context, api *client.Client, to io.Writer, format userfile.Format) (users int, err error) {
	buffered := bufio.NewWriter(to)
	out, err := userfile.NewWriter(buffered, format)
	if err != nil {
		return 0, err
	}
	for u, err := range api.Users.All(ctx) {
		if err != nil {
			return users, err
		}
		users++
		if err := out.Write(profile.ExportRow(u)); err != nil {
			return users, err
		}
	}
	if err := out.Close(); err != nil {
		return users, err
	}
	return users, buffered.Flush()
}
