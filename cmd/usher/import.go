package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

type usersImportCmd struct {
	File   string `arg:"" help:"The file, - for standard input."`
	Format string `env:"-" enum:"csv,json,auto" default:"auto" placeholder:"FORM" help:"Form of the file: csv or json. Default: by the end of its name."`
	DryRun bool   `env:"-" help:"Only check the file. The server may still refuse it: an address may be in use."`
}

// Help is the text below the usage line.
func (usersImportCmd) Help() string {
	return `A file has up to 1,000 users. All of them are created, or none: every bad row is reported with its line first.

CSV has commas, and a header line that names the columns: name, email and password, which are needed, and surname, department, biography
and active (true or false; without it a user cannot sign in), which are not. JSON is an array of objects with the same names.

Examples:
  usher users import users.csv
  usher users import users.json --dry-run
  generate-users | usher users import - --format csv

  $ cat users.csv
  name,surname,email,password,active
  Ada,Lovelace,ada@example.com,Correct-horse-7,true`
}

// Run creates the users of the file.
func (cmd *usersImportCmd) Run(a *app) error {
	format, err := fileFormat(cmd.File, cmd.Format)
	if err != nil {
		return err
	}
	c, err := a.signedIn()
	if err != nil {
		return err
	}
	start := a.now()
	a.progress("reading %s …", cmd.File)
	rows, faults, err := cmd.read(a, format)
	if err != nil {
		return fmt.Errorf("read %s: %w", cmd.File, err)
	}
	if len(faults) > 0 {
		return cmd.refuse(a, format, faults)
	}
	if cmd.DryRun {
		a.say("%s is good: %s. Nothing was created.", cmd.File, countUsers(len(rows)))
		return nil
	}
	a.progress("creating %s …", countUsers(len(rows)))
	users, err := c.CreateUsers(a.ctx, newUsers(rows))
	if err != nil {
		if faults := serverFaults(err, rows); len(faults) > 0 {
			return cmd.refuse(a, format, faults)
		}
		return err
	}
	a.progress("done in %s", a.now().Sub(start).Round(time.Millisecond))
	text := fmt.Sprintf("Created %s: ids %d to %d.", countUsers(len(users)), users[0].ID, users[len(users)-1].ID)
	if err := a.show(users, table{rows: [][]string{{text}}}); err != nil {
		return err
	}
	if n := countInactive(users); n > 0 {
		a.say("%s not active and cannot sign in; see the column active.", map[bool]string{true: "One is", false: strconv.Itoa(n) + " are"}[n == 1])
	}
	return nil
}

func (cmd *usersImportCmd) read(a *app, format userfile.Format) ([]userfile.Row, []userfile.Fault, error) {
	var in io.Reader = a.stdin
	if cmd.File != "-" {
		file, err := os.Open(cmd.File)
		if err != nil {
			return nil, nil, errors.Unwrap(err) // the caller names the file
		}
		defer file.Close()
		in = file
	}
	return userfile.Read(in, format)
}

// refuse reports every fault with its line. Many users of a JSON file can be on
// one line, so there the user is named too.
func (cmd *usersImportCmd) refuse(a *app, format userfile.Format, faults []userfile.Fault) error {
	for _, f := range faults {
		where := fmt.Sprintf("%s:%d", cmd.File, f.Line)
		if format == userfile.JSON && f.User > 0 {
			where += fmt.Sprintf(": user %d", f.User)
		}
		if f.Field != "" {
			where += ": " + f.Field
		}
		fmt.Fprintln(a.stderr, printable(where+": "+f.Message))
	}
	return withHint(fmt.Errorf("%s has %s; no user was created", cmd.File, count(len(faults), "fault")),
		"mend the lines above and import the file again")
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

func newUsers(rows []userfile.Row) []client.NewUser {
	users := make([]client.NewUser, len(rows))
	for i, row := range rows {
		users[i] = client.NewUser{
			Name:       row.Name,
			Email:      row.Email,
			Password:   row.Password.Reveal(),
			Surname:    row.Surname,
			Department: row.Department,
			Biography:  row.Biography,
			Active:     row.Active,
		}
	}
	return users
}

// serverFaults translates what the server found at "/2/email" to the line of the
// third user. It returns nil unless every fault is that of a user.
func serverFaults(err error, rows []userfile.Row) []userfile.Fault {
	answer, ok := errors.AsType[*client.Error](err)
	if !ok {
		return nil
	}
	var faults []userfile.Fault
	for _, d := range answer.Details {
		index, field, _ := strings.Cut(strings.TrimPrefix(d.Path, "/"), "/")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(rows) {
			return nil
		}
		faults = append(faults, userfile.Fault{Line: rows[i].Line, User: rows[i].User, Field: field, Message: d.Message})
	}
	slices.SortStableFunc(faults, func(a, b userfile.Fault) int { return a.User - b.User })
	return faults
}

func countInactive(users []client.User) int {
	n := 0
	for _, u := range users {
		if !u.Active {
			n++
		}
	}
	return n
}

func countUsers(n int) string { return count(n, "user") }

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
