package userimport

import (
	"context"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// UndoImport deletes the users that an import created.
//
// It works in batches and resumes where it stopped. After maxBatches it returns with the
// state [account.ImportUndoing], and the caller must call it again. It keeps a user whose
// access was changed after the import: that user no longer belongs to the import. It fails
// like [Imports.Import], and with CodeImportState for an import that is finished or being
// finished.
func (s *Imports) UndoImport(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	undo := func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error {
		return s.undoBatch(ctx, tx, caller.Actor(), i)
	}
	for range maxBatches {
		i, err = s.changeImport(ctx, caller, id, undo)
		if err != nil || i.State != account.ImportUndoing {
			break
		}
	}
	return i, err
}

// failImport records the number of invalid rows and undoes the import.
func (s *Imports) failImport(
	ctx context.Context, caller *account.Principal, was account.Import, faults int,
) (account.Import, error) {
	fail := func(_ context.Context, _ *account.Tx, _ *account.Principal, i *account.Import) error {
		i.State = account.ImportUndoing
		i.Faults += faults
		return nil
	}
	if _, err := s.changeOpenImport(ctx, caller, was, fail); err != nil {
		return was, err
	}
	return s.UndoImport(ctx, caller, was.ID)
}

// undoBatch deletes the users of the next rows of an import, on behalf of actor.
func (s *Imports) undoBatch(ctx context.Context, tx *account.Tx, actor account.Actor, i *account.Import) error {
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
	remove := func(row account.ImportRow) ([]account.Event, error) {
		if row.UserID == 0 {
			return nil, nil
		}
		return s.deleteUser(ctx, tx, row.UserID)
	}
	done, err := s.processRows(ctx, tx, actor, i.ID, rows, remove)
	if err != nil || !done {
		return err
	}
	i.State, i.Finished = account.ImportUndone, i.Touched
	return s.audit.RecordAs(ctx, tx, actor, importEnded(*i, account.ActionImportUndo))
}

// deleteUser deletes an imported user and returns the events to record. It skips an active
// user. The last administrator is active, so it is never deleted here.
func (s *Imports) deleteUser(ctx context.Context, tx *account.Tx, id int64) ([]account.Event, error) {
	user, err := tx.User(ctx, id, s.now())
	if err != nil || user.Active {
		return nil, account.IgnoreNotFound(err)
	}
	if err := tx.DeleteThrottlesOf(ctx, lockout.UserSubject(id)); err != nil {
		return nil, err
	}
	return []account.Event{{Action: account.ActionUserDelete, Target: user.Target()}}, tx.DeleteUser(ctx, id)
}

// SweepImports undoes imports that had no request for longer than maxIdle.
func (s *Imports) SweepImports(ctx context.Context) error {
	before := s.now().Add(-maxIdle)
	system := account.Actor{Credential: account.CredentialRef{Kind: account.CredentialNone}}
	for {
		found := false
		err := s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			id, err := tx.IdleImport(ctx, before)
			if found = err == nil; errors.Is(err, account.ErrNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			i, err := tx.LockImport(ctx, id)
			if err != nil || !i.Touched.Before(before) { // a concurrent request used the import
				return account.IgnoreNotFound(err)
			}
			if err := s.undoBatch(ctx, tx, system, &i); err != nil {
				return err
			}
			// Touched is unchanged, so the next pass of the loop finds the import again
			// until it is undone.
			return tx.UpdateImport(ctx, i)
		})
		if err != nil || !found {
			return err
		}
	}
}
