package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// resumable returns the import that is to be resumed, if it can be.
func (m *importer) resumable(id int64) (client.Import, error) {
	i, err := m.client.Import(m.app.ctx, id)
	switch {
	case err != nil:
		return i, err
	case i.DryRun:
		return i, usage("the import %d only checks a file", i.ID)
	case i.State == client.ImportUndoing:
		return i, withHint(fmt.Errorf("the import %d is being undone", i.ID), "`usher users import --undo %d` goes on with that", i.ID)
	case i.State == client.ImportUndone || i.State == client.ImportFinished:
		return i, fmt.Errorf("the import %d is %s", i.ID, i.State)
	}
	m.app.progress("the import %d has %s", i.ID, countUsers(i.Rows))
	return i, nil
}

// checkAgain checks the file of an import that is to be resumed, by itself: to the
// server, the addresses that the import has made are in use. A fault that only the
// server finds would undo the import, and another file would add strangers to it.
func (m *importer) checkAgain(i client.Import) error {
	var first, last userfile.Row // of the rows that the import has
	err := m.read(func(row userfile.Row, faults []userfile.Fault) error {
		m.report(faults)
		switch row.User {
		case 1:
			first, last = row, row
		case i.Rows:
			last = row
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case m.faults > 0:
		return withHint(fmt.Errorf("%s has %s; the import %d is as it was", m.name, count(m.faults, "fault"), i.ID),
			"mend the lines above and resume again, or take everything back with `usher users import --undo %d`", i.ID)
	case m.found.users < i.Rows:
		return anotherFile(i, "the file has %s, the import %d already", count(m.found.users, "row"), i.Rows)
	case i.Rows == 0:
		return nil
	}
	for _, row := range []userfile.Row{first, last} {
		if err := m.madeBy(i, row); err != nil {
			return err
		}
	}
	return nil
}

// madeBy fails unless a row can be one that the import has: there is such a user,
// who is inactive as long as the import takes rows.
func (m *importer) madeBy(i client.Import, row userfile.Row) error {
	u, err := userArg(row.Email).find(m.app, m.client)
	if errors.Is(err, errNoSuchUser) || err == nil && u.Active && i.State == client.ImportOpen {
		return anotherFile(i, "the user on line %d is none of the import's", row.Line)
	}
	return err
}

// anotherFile refuses to resume an import with a file that it was not begun with.
func anotherFile(i client.Import, why string, args ...any) error {
	return withHint(fmt.Errorf(why+": it is another file", args...),
		"resume with the file that the import %d was begun with, or take everything back with `usher users import --undo %d`", i.ID, i.ID)
}

// read goes through the file from its beginning, and counts what it has. A fault
// of the file as a whole comes last, with a row whose User is 0.
func (m *importer) read(each func(row userfile.Row, faults []userfile.Fault) error) error {
	failed := func(err error) error { return fmt.Errorf("read %s: %w", m.name, err) }
	if _, err := m.file.Seek(0, io.SeekStart); err != nil {
		return failed(err)
	}
	file, err := userfile.NewReader(m.file, m.format)
	if err != nil {
		return failed(err)
	}
	m.found = summary{}
	for {
		row, faults, err := file.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return failed(err)
		case row.User == 0:
			return each(row, faults)
		}
		m.found.count(row)
		if err := each(row, faults); err != nil {
			return err
		}
	}
}
