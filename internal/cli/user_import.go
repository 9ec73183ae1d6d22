package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/cli/userimport"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

type usersImportCmd struct {
	File   string `arg:"" optional:"" help:"The file, - for standard input."`
	Format string `env:"-" enum:"csv,json,auto" default:"auto" placeholder:"FORM" help:"Format of the file: csv or json. Default: by the extension of its name."`
	DryRun bool   `env:"-" xor:"how" help:"Only check the file."`
	Resume int64  `env:"-" xor:"how" placeholder:"ID" help:"Continue an interrupted import of this file."`
	Undo   int64  `env:"-" xor:"how" placeholder:"ID" help:"Remove the users of an interrupted import."`
}

// Help returns the text that --help shows below the usage line.
func (usersImportCmd) Help() string {
	return `Imports a file of any length. The server checks all rows first, and reports each fault with its line; then
all users are created, or none. They can sign in after the last one is created. An interrupted import can be
resumed, or undone.

CSV has commas and a header line with the names of the columns. name and email are required. ` + profile.OptionalColumns + `,
active (true or false; without it a user can't sign in), password and password_hash
are optional. JSON is an array of objects with the same names. A password_hash is from another system:
argon2id, bcrypt or Django's pbkdf2_sha256. An active user with neither password nor password_hash is
invited by mail to choose a password.

Examples:
  usher users import users.csv
  usher users import users.json --dry-run
  usher users import users.csv --resume 7
  usher users import --undo 7
  generate-users | usher users import - --format csv

  $ cat users.csv
  name,surname,email,password,active
  Ada,Lovelace,ada@example.com,Correct-horse-7,true
  Charles,Babbage,charles@example.com,,true`
}

// Run imports the users of the file, resumes an interrupted import, or undoes one.
func (cmd *usersImportCmd) Run(ctx context.Context, c *CLI) error {
	if cmd.Undo != 0 {
		return cmd.undo(ctx, c)
	}
	if cmd.File == "" {
		return command.WithHint(command.UsageErrorf("there is no file to import"), "`usher users import --help` shows how")
	}
	format, err := fileFormat(cmd.File, cmd.Format)
	if err != nil {
		return err
	}
	api, err := c.SignIn(ctx)
	if err != nil {
		return err
	}
	file, err := openSeekable(cmd.File, c.Stdin)
	if err != nil {
		return fileError("read", cmd.File, err)
	}
	defer file.Close()
	importer := &userimport.Importer{Env: c.Env, API: api, Name: cmd.File, File: file, Format: format}
	if cmd.DryRun {
		if err := importer.Check(ctx); err != nil {
			return err
		}
		c.Say("%s Nothing was created.", importer.Summary())
		return nil
	}
	i, err := cmd.begin(ctx, importer)
	if err != nil {
		return err
	}
	if i, err = importer.Create(ctx, i); err != nil {
		return err
	}
	// For a resumed import, i.Rows includes the rows that were added before the interruption.
	created := fmt.Sprintf("Created %s.", command.Count(i.Rows, "user"))
	if err := c.Show(i, command.Table{Rows: [][]string{{created}}}); err != nil {
		return err
	}
	if n := importer.Found.Inactive; n > 0 {
		c.Say("%s not active and cannot sign in; see the column active.", oneIsOrAre(n))
	}
	if n := importer.Found.Invited; n > 0 {
		c.Say("%s invited by mail to choose a password.", oneIsOrAre(n))
	}
	return nil
}

// begin checks the file. It returns the import that the rows of the file are added to: a new import, or the one to be
// resumed.
func (cmd *usersImportCmd) begin(ctx context.Context, importer *userimport.Importer) (client.Import, error) {
	if cmd.Resume == 0 {
		if err := importer.Check(ctx); err != nil {
			return client.Import{}, err
		}
		importer.Env.Progress("%s", importer.Summary())
		return importer.API.Imports.Begin(ctx, false)
	}
	i, err := importer.Resumable(ctx, cmd.Resume)
	if err != nil {
		return i, err
	}
	if err := importer.CheckResumed(ctx, i); err != nil {
		return i, err
	}
	importer.Env.Progress("%s", importer.Summary())
	return i, nil
}

// undo undoes an import: it deletes the users that the import has created.
func (cmd *usersImportCmd) undo(ctx context.Context, c *CLI) error {
	if cmd.File != "" {
		return command.UsageErrorf("--undo takes no file")
	}
	undo := func(api *client.Client) (client.Import, error) { return userimport.Undo(ctx, api, cmd.Undo) }
	return ShowResult(ctx, c, undo, func(i client.Import) command.Table {
		return command.Table{Rows: [][]string{{fmt.Sprintf("The import %d is undone.", i.ID)}}}
	})
}

// openSeekable opens a file that will be read twice. Standard input ("-") can be read only once, so openSeekable copies
// it to a temporary file of mode 0600.
func openSeekable(name string, stdin io.Reader) (file *os.File, err error) {
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return nil, errors.Unwrap(err) // drop the file name: the caller adds it
		}
		return file, nil
	}
	if file, err = os.CreateTemp("", "usher-import-"); err != nil {
		return nil, err
	}
	// Remove the directory entry at once, because the file contains passwords; the open file stays readable. Where an
	// open file can't be removed (Windows), the system's cleanup of temporary files removes it.
	_ = os.Remove(file.Name())
	if _, err := io.Copy(file, stdin); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// fileFormat returns the format of a file. The format is the value of --format. If that is "auto", the extension of the
// file name determines the format.
func fileFormat(file, format string) (userfile.Format, error) {
	if format != "auto" {
		return userfile.Format(format), nil
	}
	extension := strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")
	switch format := userfile.Format(extension); format {
	case userfile.CSV, userfile.JSON:
		return format, nil
	}
	return "", command.WithHint(command.UsageErrorf("the name %s does not tell the format of the file", file),
		"add --format csv or --format json")
}

// oneIsOrAre returns a number with its verb: "One is" or "7 are".
func oneIsOrAre(n int) string {
	if n == 1 {
		return "One is"
	}
	return strconv.Itoa(n) + " are"
}
