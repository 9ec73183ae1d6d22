package userimport

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/user"
)

// FinishImport activates the users of an import that shall be active, and invites
// those of them that have no password. It does so in batches and goes on where it
// stopped; after so many it returns with the import in ImportFinishing, to be
// called again. A user that was deleted in the meantime, or was given more than
// the caller may give, is left alone. It fails with CodeImportState for an import
// that was undone.
func (s *Imports) FinishImport(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	for range importSteps {
		i, err = s.changeImport(ctx, caller, id, s.finishSome)
		if err != nil || i.State != account.ImportFinishing {
			break
		}
	}
	s.outbox.Wake()
	return i, err
}

// finishSome goes on with finishing an import.
func (s *Imports) finishSome(ctx context.Context, tx account.Tx, caller *account.Principal, i *account.Import) error {
	switch i.State {
	case account.ImportFinished:
		return nil
	case account.ImportUndoing, account.ImportUndone:
		return wrongState(*i)
	}
	i.State = account.ImportFinishing
	settings, err := account.LoadApplicationSettings(ctx, tx)
	if err != nil {
		return err
	}
	rows, err := lockRows(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	// He may have waited for the users.
	if caller, err = s.auth.Reload(ctx, tx, caller); err != nil {
		return err
	}
	if err := account.Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
		return err
	}
	over, err := s.eachRow(ctx, tx, caller.Actor(), i.ID, rows, func(row account.ImportRow) ([]account.Event, error) {
		if !row.Activate || row.UserID == 0 {
			return nil, nil
		}
		return s.activateImported(ctx, tx, caller, row, settings.DefaultRoleIDs)
	})
	if err != nil || !over {
		return err
	}
	i.State, i.Finished = account.ImportFinished, i.Touched
	return s.audit.Record(ctx, tx, caller, importEnded(*i, account.ActionImportFinish))
}

// activateImported activates and invites the user of a row, and returns what there
// is to record. Who has other roles by
// now than a new user gets must be covered, as for any activation.
func (s *Imports) activateImported(ctx context.Context, tx account.Tx, caller *account.Principal, row account.ImportRow, defaultRoles []int64) ([]account.Event, error) {
	was, err := tx.User(ctx, row.UserID, s.now())
	if err != nil {
		return nil, account.IgnoreNotFound(err)
	}
	if !slices.Equal(was.RoleIDs, defaultRoles) {
		err := account.RequireCoversUser(ctx, tx, caller, was.ID)
		if account.ErrorCode(err) == account.CodeForbidden {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	imported := was
	imported.Active = true
	var events []account.Event
	if !was.Active {
		key, _ := account.ParseEmail(imported.Email)
		if err := tx.UpdateUser(ctx, was, imported, key, s.now()); err != nil {
			return nil, err
		}
		events = user.UpdateEvents(was, imported, account.UserUpdate{})
	}
	if !row.Invite || imported.Provider != account.ProviderLocal {
		return events, nil
	}
	c, err := tx.Credential(ctx, imported.ID)
	if err != nil || c.PasswordHash != "" {
		return events, err
	}
	events = append(events, account.Event{Action: account.ActionUserInvite, Target: imported.Target()})
	return events, s.recovery.SendInvitation(ctx, tx, imported, caller.From.ClientNetwork)
}

// UndoImport deletes the users that an import has made. It does so in batches and
// goes on where it stopped; after so many it returns with the import in
// ImportUndoing, to be called again. A user whose access somebody has changed in
// the meantime is no longer the import's, and stays. It fails with CodeImportState for an import that is finishing
// or finished.
func (s *Imports) UndoImport(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	for range importSteps {
		i, err = s.changeImport(ctx, caller, id, func(ctx context.Context, tx account.Tx, caller *account.Principal, i *account.Import) error {
			return s.undoSome(ctx, tx, caller.Actor(), i)
		})
		if err != nil || i.State != account.ImportUndoing {
			break
		}
	}
	return i, err
}

// failImport notes the faults of an import, and undoes it.
func (s *Imports) failImport(ctx context.Context, caller *account.Principal, was account.Import, faults int) (account.Import, error) {
	_, err := s.addTo(ctx, caller, was, func(_ context.Context, _ account.Tx, _ *account.Principal, i *account.Import) error {
		i.State = account.ImportUndoing
		i.Faults += faults
		return nil
	})
	if err != nil {
		return was, err
	}
	return s.UndoImport(ctx, caller, was.ID)
}

// undoSome goes on with undoing an import.
func (s *Imports) undoSome(ctx context.Context, tx account.Tx, actor account.Actor, i *account.Import) error {
	switch i.State {
	case account.ImportUndone:
		return nil
	case account.ImportFinishing, account.ImportFinished:
		return wrongState(*i)
	}
	i.State = account.ImportUndoing
	rows, err := lockRows(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	over, err := s.eachRow(ctx, tx, actor, i.ID, rows, func(row account.ImportRow) ([]account.Event, error) {
		if row.UserID == 0 {
			return nil, nil
		}
		return s.deleteImported(ctx, tx, row.UserID)
	})
	if err != nil || !over {
		return err
	}
	i.State, i.Finished = account.ImportUndone, i.Touched
	return s.audit.RecordAs(ctx, tx, actor, importEnded(*i, account.ActionImportUndo))
}

// deleteImported deletes a user of an import. One who is not active is no
// administrator, so there is always one left.
func (s *Imports) deleteImported(ctx context.Context, tx account.Tx, id int64) ([]account.Event, error) {
	user, err := tx.User(ctx, id, s.now())
	if err != nil || user.Active {
		return nil, account.IgnoreNotFound(err)
	}
	if err := tx.DeleteThrottlesOf(ctx, throttle.UserSubject(id)); err != nil {
		return nil, err
	}
	return []account.Event{{Action: account.ActionUserDelete, Target: user.Target()}}, tx.DeleteUser(ctx, id)
}

// lockRows returns the next rows of an import, with their users locked.
func lockRows(ctx context.Context, tx account.Tx, importID int64) ([]account.ImportRow, error) {
	rows, err := tx.ImportRows(ctx, importID, importStep)
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
	// A user may have been released from the import just before.
	return tx.ImportRows(ctx, importID, importStep)
}

// eachRow runs f on the rows of an import, for about importWork, records what it
// returns, and forgets the rows. It reports whether none is left.
func (s *Imports) eachRow(ctx context.Context, tx account.Tx, actor account.Actor, importID int64, rows []account.ImportRow, f func(account.ImportRow) ([]account.Event, error)) (over bool, err error) {
	if len(rows) == 0 {
		return true, nil
	}
	begun := s.monotonic()
	var events []account.Event
	done := 0
	for done < len(rows) && (done == 0 || s.monotonic().Sub(begun) < importWork) { // one at least
		more, err := f(rows[done])
		if err != nil {
			return false, err
		}
		events = append(events, more...)
		done++
	}
	if err := s.audit.RecordAs(ctx, tx, actor, events...); err != nil {
		return false, err
	}
	return done == len(rows) && done < importStep, tx.DeleteImportRows(ctx, importID, rows[done-1].Row)
}

// ended tells the activity log that an import is over.
func importEnded(i account.Import, action account.Action) account.Event {
	return account.Event{Action: action, Target: i.Target(), Changes: []account.FieldChange{{Field: "rows", To: i.Rows}, {Field: "faults", To: i.Faults}, {Field: "dryRun", To: i.DryRun}}}
}

// sweepImports undoes imports that nobody went on with.
func (s *Imports) SweepImports(ctx context.Context) error {
	before := s.now().Add(-importIdle)
	for {
		found := false
		err := s.store.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			id, err := tx.IdleImport(ctx, before)
			if found = err == nil; errors.Is(err, account.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			i, err := tx.LockImport(ctx, id)
			if err != nil || !i.Touched.Before(before) { // somebody went on with it just now
				return account.IgnoreNotFound(err)
			}
			if err := s.undoSome(ctx, tx, account.Actor{Credential: account.CredentialRef{Kind: account.CredentialNone}}, &i); err != nil {
				return err
			}
			return tx.UpdateImport(ctx, i) // untouched, so it comes up again until it is undone
		})
		if err != nil || !found {
			return err
		}
	}
}
