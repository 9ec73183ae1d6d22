package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

type usersImportCmd struct {
	File   string `arg:"" optional:"" help:"The file, - for standard input."`
	Format string `env:"-" enum:"csv,json,auto" default:"auto" placeholder:"FORM" help:"Form of the file: csv or json. Default: by the end of its name."`
	DryRun bool   `env:"-" xor:"how" help:"Only check the file."`
	Resume int64  `env:"-" xor:"how" placeholder:"ID" help:"Go on with an import of this file that was interrupted."`
	Undo   int64  `env:"-" xor:"how" placeholder:"ID" help:"Remove the users of an import that was interrupted."`
}

// Help is the text below the usage line.
func (usersImportCmd) Help() string {
	return `A file of any length. The server checks every row first, and reports each fault with its line; then all users are created, or none.
They can sign in when the last one is there. An import that is interrupted can be resumed, or undone.

CSV has commas, and a header line that names the columns: name and email, which are needed, and surname, department, biography, active
(true or false; without it a user cannot sign in), password and password_hash, which are not. JSON is an array of objects with the same names.
A password_hash is one of another system: argon2id, bcrypt or Django's pbkdf2_sha256. An active user with neither is invited by mail to
choose a password.

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

// Run creates the users of the file.
func (cmd *usersImportCmd) Run(a *app) error {
	if cmd.Undo != 0 {
		return cmd.undo(a)
	}
	if cmd.File == "" {
		return withHint(usage("there is no file to import"), "`usher users import --help` shows how")
	}
	format, err := fileFormat(cmd.File, cmd.Format)
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	file, err := a.openTwice(cmd.File)
	if err != nil {
		return fmt.Errorf("read %s: %w", cmd.File, err)
	}
	defer file.Close()
	m := &importer{app: a, client: c, name: cmd.File, file: file, format: format}
	i, err := cmd.checked(m)
	if err != nil || cmd.DryRun {
		return err
	}
	if i, err = m.create(i); err != nil {
		return err
	}
	// What the server has counts, and after an import was resumed also for the
	// users of before.
	if err := a.show(i, table{rows: [][]string{{fmt.Sprintf("Created %s.", countUsers(i.Rows))}}}); err != nil {
		return err
	}
	if n := m.found.inactive; n > 0 {
		a.say("%s not active and cannot sign in; see the column active.", isOrAre(n))
	}
	if n := m.found.invited; n > 0 {
		a.say("%s invited by mail to choose a password.", isOrAre(n))
	}
	return nil
}

// checked checks the file and returns the import to bring it to: a new one, or the
// one to be resumed. After a dry run there is none.
func (cmd *usersImportCmd) checked(m *importer) (i client.Import, err error) {
	if cmd.Resume == 0 {
		err = m.check()
	} else if i, err = m.resumable(cmd.Resume); err == nil {
		err = m.checkAgain(i)
	}
	switch {
	case err != nil:
		return i, err
	case cmd.DryRun:
		m.app.say("%s Nothing was created.", m.good())
		return i, nil
	}
	m.app.progress("%s", m.good())
	if cmd.Resume == 0 {
		return m.client.BeginImport(m.app.ctx, false)
	}
	return i, nil
}

// undo removes the users of an import.
func (cmd *usersImportCmd) undo(a *app) error {
	if cmd.File != "" {
		return usage("--undo takes no file")
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	i, err := undoImport(a.ctx, c, cmd.Undo)
	if err != nil {
		return err
	}
	return a.show(i, table{rows: [][]string{{fmt.Sprintf("The import %d is undone.", i.ID)}}})
}

// undoImport calls the server until an import is undone.
func undoImport(ctx context.Context, c *client.Client, id int64) (i client.Import, err error) {
	for err == nil && i.State != client.ImportUndone {
		i, err = c.UndoImport(ctx, id)
	}
	return i, err
}

// openTwice opens a file that is read twice. Standard input is copied to a file of
// its own first, for this account alone.
func (a *app) openTwice(name string) (file *os.File, err error) {
	if name != "-" {
		if file, err = os.Open(name); err != nil {
			return nil, errors.Unwrap(err) // the caller names the file
		}
		return file, nil
	}
	if file, err = os.CreateTemp("", "usher-import-"); err != nil {
		return nil, err
	}
	// It has passwords in it, so it goes as soon as it can: where open files cannot
	// be removed, with the system's temporary files.
	_ = os.Remove(file.Name())
	if _, err := io.Copy(file, a.stdin); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// fileFormat is the format that was given, or that the file's name tells.
func fileFormat(file, given string) (userfile.Format, error) {
	if given != "auto" {
		return userfile.Format(given), nil
	}
	switch format := userfile.Format(strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")); format {
	case userfile.CSV, userfile.JSON:
		return format, nil
	}
	return "", withHint(usage("the name %s does not tell the form of the file", file), "add --format csv or --format json")
}

func isOrAre(n int) string {
	if n == 1 {
		return "One is"
	}
	return strconv.Itoa(n) + " are"
}

func countUsers(n int) string { return count(n, "user") }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// meter tells how far something long is, every other second at most.
type meter struct {
	app   *app
	what  string
	noun  string // of one that is done
	from  int    // that were done before
	of    int    // in all; 0 when it is not known
	begun time.Time
	told  time.Time
}

func (a *app) newMeter(what, noun string, from, of int) *meter {
	now := a.now()
	return &meter{app: a, what: what, noun: noun, from: from, of: of, begun: now, told: now}
}

// tell takes how many are done.
func (m *meter) tell(rows int) {
	now := m.app.now()
	if now.Sub(m.told) < 2*time.Second {
		return
	}
	m.told = now
	percent := ""
	if m.of > 0 {
		percent = fmt.Sprintf(", %d %%", min(100, rows*100/m.of))
	}
	m.app.progress("%s %s, %.0f a second%s", m.what, count(rows, m.noun), float64(rows-m.from)/now.Sub(m.begun).Seconds(), percent)
}
