package userimport

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/lookup"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// Resumable returns the import with this id. It fails if that import can't be resumed.
func (m *Importer) Resumable(ctx context.Context, id int64) (client.Import, error) {
	i, err := m.API.Imports.Get(ctx, id)
	switch {
	case err != nil:
		return i, err
	case i.DryRun:
		return i, command.UsageErrorf("the import %d only checks a file", i.ID)
	case i.State == client.ImportUndoing:
		return i, command.WithHint(fmt.Errorf("the import %d is being undone", i.ID),
			"`usher users import --undo %d` continues that", i.ID)
	case i.State == client.ImportUndone || i.State == client.ImportFinished:
		return i, fmt.Errorf("the import %d is %s", i.ID, i.State)
	}
	m.Env.Progress("the import %d has %s", i.ID, command.Count(i.Rows, "user"))
	return i, nil
}

// CheckResumed checks the file of an import that is to be resumed. It can't use a dry run on the server: the server
// would report the addresses of the users that the import has already created as taken.
//
// With another file than before, the import would mix the users of two files. CheckResumed therefore compares the file
// with the first and the last row that the import has. If the file has a fault that only the server can find, Create
// undoes the import later.
func (m *Importer) CheckResumed(ctx context.Context, i client.Import) error {
	var first, last userfile.Row // first and last row that the import already has
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
		err := fmt.Errorf("%s has %s; the import %d is as it was", m.Name, command.Count(m.faults, "fault"), i.ID)
		return command.WithHint(err,
			"correct the lines above and resume again, or take everything back with `usher users import --undo %d`", i.ID)
	case m.Found.Users < i.Rows:
		return otherFileError(i, "the file has %s, the import %d already", command.Count(m.Found.Users, "row"), i.Rows)
	case i.Rows == 0:
		return nil
	}
	for _, row := range []userfile.Row{first, last} {
		if err := m.checkImported(ctx, i, row); err != nil {
			return err
		}
	}
	return nil
}

// checkImported fails unless the import i can have created the user of row. The user must exist and, while the import
// is open, must be inactive.
func (m *Importer) checkImported(ctx context.Context, i client.Import, row userfile.Row) error {
	u, err := lookup.User(ctx, m.API, row.Email)
	if errors.Is(err, lookup.ErrNoSuchUser) || err == nil && u.Active && i.State == client.ImportOpen {
		return otherFileError(i, "the user on line %d is none of the import's", row.Line)
	}
	return err
}

// otherFileError returns the error for a file other than the one with which the import was begun.
func otherFileError(i client.Import, reason string, args ...any) error {
	return command.WithHint(fmt.Errorf(reason+": it is another file", args...),
		"resume with the file that the import %d was begun with, or take everything back with `usher users import --undo %d`",
		i.ID, i.ID)
}
