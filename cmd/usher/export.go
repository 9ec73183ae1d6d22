package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

type usersExportCmd struct {
	File   string `arg:"" default:"-" help:"The file, - for standard output. An existing one is replaced."`
	Format string `env:"-" enum:"csv,json,auto" default:"auto" placeholder:"FORM" help:"Form of the file: csv or json. Default: by the end of its name, or csv."`
}

// Help is the text below the usage line.
func (usersExportCmd) Help() string {
	return `The file has the columns name, surname, email, department, biography and active. It can be imported again: a server never
gives passwords away, so its active users would be invited by mail, or the file gets a column password or password_hash. ` + "`usher users list --output json`" + ` tells more: ids, roles, locks.

In CSV, a value that a spreadsheet would run as a formula gets a single quote (') before it, and the import takes it away again.
The file is for your account alone (mode 0600).

Examples:
  usher users export users.csv
  usher users export --format json | jq length`
}

// Run writes all users, as they arrive.
func (cmd *usersExportCmd) Run(a *app) (err error) {
	given := cmd.Format
	if cmd.File == "-" && given == "auto" {
		given = string(userfile.CSV)
	}
	format, err := fileFormat(cmd.File, given)
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	if cmd.File == "-" {
		_, err := export(a, c, a.stdout, format)
		return err
	}
	file, err := createPrivate(cmd.File)
	if err != nil {
		return fmt.Errorf("write %s: %w", cmd.File, err)
	}
	defer file.discard()
	n, err := export(a, c, file, format)
	if err != nil {
		return err
	}
	if err := file.commit(); err != nil {
		return fmt.Errorf("write %s: %w", cmd.File, err)
	}
	a.say("Wrote %s to %s, without passwords.", countUsers(n), cmd.File)
	return nil
}

func export(a *app, c *client.Client, to io.Writer, format userfile.Format) (n int, err error) {
	buffered := bufio.NewWriter(to)
	out, err := userfile.NewWriter(buffered, format)
	if err != nil {
		return 0, err
	}
	for u, err := range c.AllUsers(a.ctx) {
		if err != nil {
			return n, err
		}
		n++
		err = out.Write(userfile.Row{
			Name:       u.Name,
			Surname:    u.Surname,
			Email:      u.Email,
			Department: u.Department,
			Biography:  u.Biography,
			Active:     u.Active,
		})
		if err != nil {
			return n, err
		}
	}
	if err := out.Close(); err != nil {
		return n, err
	}
	return n, buffered.Flush()
}
