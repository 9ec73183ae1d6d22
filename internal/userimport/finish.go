package userimport

import (
	"context"
	"slices"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/user"
)

// FinishImport activates each user whose row has Activate. If the row has Invite and the
// user has no password, FinishImport sends the user an invitation.
//
// It works in batches and resumes where it stopped. After maxBatches it returns with the
// state [account.ImportFinishing], and the caller must call it again. It skips deleted
// users, and users who have since gained permissions that the caller lacks. It fails like
// [Imports.Import], and with CodeImportState for an import that is undone or being undone.
func (s *Imports) FinishImport(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	for range maxBatches {
		i, err = s.changeImport(ctx, caller, id, s.finishBatch)
		if err != nil || i.State != account.ImportFinishing {
			break
		}
	}
	s.outbox.Wake()
	return i, err
}

// finishBatch is an [importUpdate] that activates the users of the next rows.
func (s *Imports) finishBatch(
	ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import,
) error {
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
	// Locking the users may have taken a long time, so read the caller's current permissions.
	current, err := s.auth.Reload(ctx, tx, caller)
	if err != nil {
		return err
	}
	if err := account.Allow(current, access.ActionCreate, access.EntityUser, access.All); err != nil {
		return err
	}
	activate := func(row account.ImportRow) ([]account.Event, error) {
		if !row.Activate || row.UserID == 0 {
			return nil, nil
		}
		return s.activateUser(ctx, tx, current, row, settings.DefaultRoleIDs)
	}
	done, err := s.processRows(ctx, tx, current.Actor(), i.ID, rows, activate)
	if err != nil || !done {
		return err
	}
	i.State, i.Finished = account.ImportFinished, i.Touched
	return s.audit.Record(ctx, tx, current, importEnded(*i, account.ActionImportFinish))
}

// activateUser activates and invites the user of a row, and returns the events to record. A
// user whose roles are not the default ones was changed since the import. activateUser
// skips this user if they have permissions that the caller lacks.
func (s *Imports) activateUser(
	ctx context.Context, tx *account.Tx, caller *account.Principal, row account.ImportRow, defaultRoles []int64,
) ([]account.Event, error) {
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
