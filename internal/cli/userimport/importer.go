// Package userimport imports the users of a file through the API. It sends the rows in batches, reports faults with the
// lines in the file, and resumes or undoes an interrupted import.
package userimport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// cleanUpTimeout is how long Check may take to remove its dry run after an interrupt.
const cleanUpTimeout = 10 * time.Second

// Importer imports one file.
type Importer struct {
	Env    *command.Env
	API    *client.Client // signed in
	Name   string         // name of the file, for messages
	File   io.ReadSeeker
	Format userfile.Format

	Found  Summary // the users in the file, counted while the file is read
	faults int     // number of faults that were reported
}

// Summary has the numbers of users in a file.
type Summary struct {
	Users    int
	Inactive int
	Invited  int // active users without a password, who are invited by mail
}

func (s *Summary) add(row userfile.Row) {
	s.Users++
	switch {
	case !row.Active:
		s.Inactive++
	case row.Password.Reveal() == "" && row.PasswordHash.Reveal() == "":
		s.Invited++
	}
}

// Summary returns a sentence that describes a file without faults.
func (m *Importer) Summary() string {
	text := fmt.Sprintf("%s is good: %s", m.Name, command.Count(m.Found.Users, "user"))
	if n := m.Found.Invited; n > 0 {
		text += fmt.Sprintf("; %d will be invited by mail", n)
	}
	if n := m.Found.Inactive; n > 0 {
		text += fmt.Sprintf("; %d will not be active", n)
	}
	return text + "."
}

// Undo deletes the users that an import has created. A call to the server deletes only some of them, so Undo repeats it
// until none is left.
func Undo(ctx context.Context, api *client.Client, id int64) (i client.Import, err error) {
	for err == nil && i.State != client.ImportUndone {
		i, err = api.Imports.Undo(ctx, id)
	}
	return i, err
}

// Check sends all rows of the file to a dry run on the server, and reports the faults. It fails if there are any
// faults.
func (m *Importer) Check(ctx context.Context) (err error) {
	i, err := m.API.Imports.Begin(ctx, true)
	if err != nil {
		return err
	}
	defer func() { // remove the dry run, even after an interrupt
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
		defer cancel()
		if _, undoErr := Undo(ctx, m.API, i.ID); err == nil {
			err = undoErr
		}
	}()
	if _, err := m.send(ctx, i, "checked"); err != nil {
		return err
	}
	if m.faults > 0 {
		return command.WithHint(fmt.Errorf("%s has %s; no user was created", m.Name, command.Count(m.faults, "fault")),
			"correct the lines above and import the file again")
	}
	return nil
}

// Create adds to the import i those rows of a checked file that i doesn't have yet, and then finishes i. If the server
// finds faults that the check did not find, Create undoes the import.
func (m *Importer) Create(ctx context.Context, i client.Import) (client.Import, error) {
	i, err := m.send(ctx, i, "created")
	if err == nil && m.faults > 0 { // the data on the server has changed since the check
		if _, err := Undo(ctx, m.API, i.ID); err != nil {
			return i, m.withResumeHint(i, err)
		}
		err = fmt.Errorf("%s has %s; the import %d was undone, and none of its users is left",
			m.Name, command.Count(m.faults, "fault"), i.ID)
		return i, command.WithHint(err, "correct the lines above and import the whole file again, without --resume")
	}
	for err == nil && i.State != client.ImportFinished {
		i, err = m.API.Imports.Finish(ctx, i.ID)
	}
	if err != nil {
		return i, m.withResumeHint(i, err)
	}
	return i, nil
}

// withResumeHint adds to the error of an interrupted import the commands that resume and undo it.
func (m *Importer) withResumeHint(i client.Import, err error) error {
	return command.WithHint(err,
		"resume with `usher users import %s --resume %d`, or take everything back with `usher users import --undo %d`",
		m.Name, i.ID, i.ID)
}

// errFaultyRows stops read early, because the import will be undone anyway.
var errFaultyRows = errors.New("faulty rows")

// send adds to the import i those rows of the file that i doesn't have yet. It reports the faults that were found while
// the file was read, and those that the server finds.
//
// The server expects rows without gaps in their numbers. So send also sends a faulty row, but without its faulty
// values. activity is the verb for the progress output, such as "checked".
func (m *Importer) send(ctx context.Context, i client.Import, activity string) (client.Import, error) {
	meter := m.Env.NewMeter(activity, "user", i.Rows, m.Found.Users)
	sent := i.Rows
	next := &batch{}
	flush := func() (err error) {
		if len(next.rows) == 0 {
			return nil
		}
		i, err = m.sendBatch(ctx, i, next)
		meter.Update(m.Found.Users)
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
				return errFaultyRows
			}
		}
		next.add(row, faults)
		return nil
	})
	switch {
	case errors.Is(err, errFaultyRows):
		return i, nil
	case err != nil:
		return i, err
	}
	err = flush()
	return i, err
}

// sendBatch sends one batch. It reports the faults of the batch and those that the server finds in it.
func (m *Importer) sendBatch(ctx context.Context, i client.Import, b *batch) (client.Import, error) {
	users := make([]client.ImportUser, len(b.rows))
	for n, row := range b.rows {
		users[n] = profile.ImportUser(row)
	}
	first := b.rows[0].User
	result, err := m.API.Imports.AddRows(ctx, i.ID, first, users)
	if err != nil {
		return i, err
	}
	for _, fault := range result.Faults {
		row := b.rows[fault.Row-first]
		field := strings.TrimPrefix(fault.Path, "/")
		if field == "passwordHash" {
			field = "password_hash"
		}
		known := slices.ContainsFunc(b.faults, func(f userfile.Fault) bool {
			return f.User == row.User && (f.Field == field || f.Field == "")
		})
		if !known {
			b.faults = append(b.faults, userfile.Fault{
				Line: row.Line, User: row.User, Field: field, Message: fault.Message,
			})
		}
	}
	slices.SortStableFunc(b.faults, func(a, b userfile.Fault) int { return a.User - b.User })
	m.report(b.faults)
	return result.Import, nil
}

// read reads the file from the beginning, counts its users in m.Found, and calls handle for every row. If the file as a
// whole has faults, read calls handle once more at the end, with a row whose User is 0.
func (m *Importer) read(handle func(row userfile.Row, faults []userfile.Fault) error) error {
	readError := func(err error) error { return fmt.Errorf("read %s: %w", m.Name, err) }
	if _, err := m.File.Seek(0, io.SeekStart); err != nil {
		return readError(err)
	}
	file, err := userfile.NewReader(m.File, m.Format)
	if err != nil {
		return readError(err)
	}
	m.Found = Summary{}
	for {
		row, faults, err := file.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return readError(err)
		case row.User == 0:
			return handle(row, faults)
		}
		m.Found.add(row)
		if err := handle(row, faults); err != nil {
			return err
		}
	}
}

// report prints faults with their lines to standard error. It also prints the number of the user for a JSON file, which
// can have several users on one line.
func (m *Importer) report(faults []userfile.Fault) {
	m.faults += len(faults)
	for _, f := range faults {
		where := fmt.Sprintf("%s:%d", m.Name, f.Line)
		if m.Format == userfile.JSON && f.User > 0 {
			where += fmt.Sprintf(": user %d", f.User)
		}
		if f.Field != "" {
			where += ": " + f.Field
		}
		m.Env.Warn("%s: %s", where, f.Message)
	}
}
