package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const (
	// batchText bounds the texts of a batch. A byte takes six in JSON at most, the
	// names of a row 200, and the server takes 4 MiB.
	batchText = 600 << 10
	// batchPasswords is how many passwords a batch has at most: the server hashes
	// them before it answers.
	batchPasswords = 100

	cleanUpTime = 10 * time.Second // to forget a dry run that was interrupted
)

// importer brings the users of one file to a server.
type importer struct {
	app    *app
	client *client.Client
	name   string
	file   *os.File
	format userfile.Format
	found  summary
	faults int
}

// summary is what a file has.
type summary struct{ users, inactive, invited int }

func (s *summary) count(row userfile.Row) {
	s.users++
	switch {
	case !row.Active:
		s.inactive++
	case row.Password.Reveal() == "" && row.PasswordHash.Reveal() == "":
		s.invited++
	}
}

// good says that a file has no faults.
func (m *importer) good() string {
	text := fmt.Sprintf("%s is good: %s", m.name, countUsers(m.found.users))
	if n := m.found.invited; n > 0 {
		text += fmt.Sprintf("; %d will be invited by mail", n)
	}
	if n := m.found.inactive; n > 0 {
		text += fmt.Sprintf("; %d will not be active", n)
	}
	return text + "."
}

// check has the server check every row of the file, and reports all faults.
func (m *importer) check() (err error) {
	i, err := m.client.BeginImport(m.app.ctx, true)
	if err != nil {
		return err
	}
	defer func() { // it is of no use any more, also after an interrupt
		ctx, cancel := context.WithTimeout(context.WithoutCancel(m.app.ctx), cleanUpTime)
		defer cancel()
		if _, undoErr := undoImport(ctx, m.client, i.ID); err == nil {
			err = undoErr
		}
	}()
	if _, err := m.send(i, "checked"); err != nil {
		return err
	}
	return m.refused()
}

// create makes the users of a file that was checked, by an import that has none of
// them, or some.
func (m *importer) create(i client.Import) (client.Import, error) {
	i, err := m.send(i, "created")
	if err == nil && m.faults > 0 { // what changed since the check
		if _, err := undoImport(m.app.ctx, m.client, i.ID); err != nil {
			return i, m.interrupted(i, err)
		}
		return i, withHint(fmt.Errorf("%s has %s; the import %d was undone, and none of its users is left", m.name, count(m.faults, "fault"), i.ID),
			"mend the lines above and import the whole file again, without --resume")
	}
	for err == nil && i.State != client.ImportFinished {
		i, err = m.client.FinishImport(m.app.ctx, i.ID)
	}
	if err != nil {
		return i, m.interrupted(i, err)
	}
	return i, nil
}

// interrupted adds to a failure how to go on.
func (m *importer) interrupted(i client.Import, err error) error {
	return withHint(err, "go on with `usher users import %s --resume %d`, or take everything back with `usher users import --undo %d`", m.name, i.ID, i.ID)
}

// refused is the failure of a file with faults, nil for one without.
func (m *importer) refused() error {
	if m.faults == 0 {
		return nil
	}
	return withHint(fmt.Errorf("%s has %s; no user was created", m.name, count(m.faults, "fault")),
		"mend the lines above and import the file again")
}

// batch is what goes to the server at once.
type batch struct {
	rows      []userfile.Row
	faults    []userfile.Fault // that the file has by itself
	text      int              // bytes
	passwords int
}

func (b *batch) add(row userfile.Row, faults []userfile.Fault) {
	b.rows = append(b.rows, row)
	b.faults = append(b.faults, faults...)
	b.text += textOf(row)
	if row.Password.Reveal() != "" {
		b.passwords++
	}
}

// full reports whether a row does not fit in any more.
func (b *batch) full(row userfile.Row) bool {
	return len(b.rows) == client.MaxImportRows || b.passwords == batchPasswords || b.text+textOf(row) > batchText
}

// textOf returns how many bytes the texts of a row have.
func textOf(row userfile.Row) int {
	n := len(row.Name) + len(row.Email) + len(row.Password.Reveal()) + len(row.PasswordHash.Reveal())
	for _, text := range []*string{row.Surname, row.Department, row.Biography} {
		if text != nil {
			n += len(*text)
		}
	}
	return n
}

// errFaulty ends the reading of a file whose import is being undone.
var errFaulty = errors.New("rows are at fault")

// send brings the rows of the file that an import does not have yet to it, and
// reports the faults: those of the file by itself, and those that the server finds.
// Rows keep their number, so one at fault is sent, too, without what cannot be.
func (m *importer) send(i client.Import, what string) (client.Import, error) {
	meter := m.app.newMeter(what, "user", i.Rows, m.found.users)
	sent := i.Rows
	next := &batch{}
	flush := func() (err error) {
		if len(next.rows) == 0 {
			return nil
		}
		i, err = m.sendBatch(i, next)
		meter.tell(m.found.users)
		next = &batch{}
		return err
	}
	err := m.read(func(row userfile.Row, faults []userfile.Fault) error {
		if row.User == 0 {
			err := flush()
			m.report(faults)
			return err
		}
		if row.User <= sent {
			return nil
		}
		if next.full(row) {
			if err := flush(); err != nil {
				return err
			}
			if m.faults > 0 && !i.DryRun {
				return errFaulty
			}
		}
		next.add(row, faults)
		return nil
	})
	switch {
	case errors.Is(err, errFaulty):
		return i, nil
	case err != nil:
		return i, err
	}
	err = flush()
	return i, err
}

// sendBatch sends one batch and reports the faults of its rows.
func (m *importer) sendBatch(i client.Import, b *batch) (client.Import, error) {
	users := make([]client.ImportUser, len(b.rows))
	for n, row := range b.rows {
		users[n] = importUser(row)
	}
	result, err := m.client.AddImportRows(m.app.ctx, i.ID, b.rows[0].User, users)
	if err != nil {
		return i, err
	}
	for _, fault := range result.Faults {
		row := b.rows[fault.Row-b.rows[0].User]
		field := strings.TrimPrefix(fault.Path, "/")
		if field == "passwordHash" {
			field = "password_hash"
		}
		known := slices.ContainsFunc(b.faults, func(f userfile.Fault) bool {
			return f.User == row.User && (f.Field == field || f.Field == "")
		})
		if !known {
			b.faults = append(b.faults, userfile.Fault{Line: row.Line, User: row.User, Field: field, Message: fault.Message})
		}
	}
	slices.SortStableFunc(b.faults, func(a, b userfile.Fault) int { return a.User - b.User })
	m.report(b.faults)
	return result.Import, nil
}

// report tells faults with their lines. Many users of a JSON file can be on one
// line, so there the user is named too.
func (m *importer) report(faults []userfile.Fault) {
	m.faults += len(faults)
	for _, f := range faults {
		where := fmt.Sprintf("%s:%d", m.name, f.Line)
		if m.format == userfile.JSON && f.User > 0 {
			where += fmt.Sprintf(": user %d", f.User)
		}
		if f.Field != "" {
			where += ": " + f.Field
		}
		fmt.Fprintln(m.app.stderr, printable(where+": "+f.Message))
	}
}

func importUser(row userfile.Row) client.ImportUser {
	u := client.ImportUser{
		Name: row.Name, Email: row.Email, Surname: row.Surname, Department: row.Department, Biography: row.Biography, Active: row.Active,
	}
	if password := row.Password.Reveal(); password != "" {
		u.Password = &password
	}
	if hash := row.PasswordHash.Reveal(); hash != "" {
		u.PasswordHash = &hash
	}
	return u
}
