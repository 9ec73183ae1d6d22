package userimport

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// lockRows reads the next rows of an import, at most batchRows, and locks their users.
func lockRows(ctx context.Context, tx *account.Tx, importID int64) ([]account.ImportRow, error) {
	rows, err := tx.ImportRows(ctx, importID, batchRows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	users := make([]int64, len(rows))
	for n, row := range rows {
		users[n] = row.UserID
	}
	if err := tx.LockUsers(ctx, users...); err != nil {
		return nil, err
	}
	// Read again: a concurrent change may have removed a user from the import before the
	// locks were held.
	return tx.ImportRows(ctx, importID, batchRows)
}

// processRows runs f on at least one row of an import, and continues until batchTime has
// passed. It records the events that f returns, and deletes the processed rows. It reports
// whether all rows are processed.
func (s *Imports) processRows(
	ctx context.Context, tx *account.Tx, actor account.Actor, importID int64,
	rows []account.ImportRow, f func(account.ImportRow) ([]account.Event, error),
) (done bool, err error) {
	if len(rows) == 0 {
		return true, nil
	}
	began := s.monotonic()
	var events []account.Event
	processed := 0
	for processed < len(rows) && (processed == 0 || s.monotonic().Sub(began) < batchTime) {
		added, err := f(rows[processed])
		if err != nil {
			return false, err
		}
		events = append(events, added...)
		processed++
	}
	if err := s.audit.RecordAs(ctx, tx, actor, events...); err != nil {
		return false, err
	}
	done = processed == len(rows) && processed < batchRows
	return done, tx.DeleteImportRows(ctx, importID, rows[processed-1].Row)
}

// importEnded returns the activity log entry for an import that was finished or undone.
func importEnded(i account.Import, action account.Action) account.Event {
	return account.Event{
		Action: action, Target: i.Target(),
		Changes: []account.FieldChange{
			{Field: "rows", To: i.Rows}, {Field: "faults", To: i.Faults}, {Field: "dryRun", To: i.DryRun},
		},
	}
}
