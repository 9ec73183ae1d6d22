package userimport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
)

// Limits of imports.
const (
	// MaxImportRows is how many rows one request may add.
	MaxImportRows = 1000

	// batchRows is how many rows one transaction creates, finishes or undoes at most,
	// and maxBatches how many such transactions one request runs. Neither other writers
	// nor the client wait long.
	batchRows  = 200
	maxBatches = 50
	// batchTime ends a batch that finishes or undoes rows. Each row takes several round
	// trips to the database, and a long transaction would be cancelled.
	batchTime = time.Second

	// maxIdle is how long an open import may be idle before it is undone.
	maxIdle = 7 * 24 * time.Hour
	// Retention is how long the outcome of an import is kept.
	Retention = 30 * 24 * time.Hour
)

// BeginImport opens an import, which belongs to the caller. It fails as [account.Allow]
// says.
func (s *Imports) BeginImport(ctx context.Context, caller *account.Principal, dryRun bool) (account.Import, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityUser, access.All)
	if err != nil {
		return account.Import{}, err
	}
	var i account.Import
	begin := func(ctx context.Context, tx *account.Tx, caller *account.Principal) error {
		now := s.now()
		i = account.Import{
			UserID: caller.User.ID, DryRun: dryRun, State: account.ImportOpen, Created: now, Touched: now,
		}
		var err error
		if i.ID, err = tx.InsertImport(ctx, i); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{
			Action: account.ActionImportBegin, Target: i.Target(),
			Changes: []account.FieldChange{{Field: "dryRun", To: dryRun}},
		})
	}
	err = s.auth.UpdateAs(ctx, permit, begin)
	return i, err
}

// Import returns one import. It fails as [account.Allow] says, and with CodeNotFound. An
// import of another user is reported as not found, except to administrators.
func (s *Imports) Import(ctx context.Context, caller *account.Principal, id int64) (account.Import, error) {
	if err := account.Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
		return account.Import{}, err
	}
	i, err := s.store.Import(ctx, id)
	return requireOwn(caller, i, err)
}

// requireOwn returns the import that a read returned, with its error. It fails with
// CodeNotFound for an import of another user, unless the caller is an administrator.
func requireOwn(caller *account.Principal, i account.Import, err error) (account.Import, error) {
	if errors.Is(err, account.ErrNotFound) || err == nil && i.UserID != caller.User.ID && !caller.Access.Administrator {
		return account.Import{}, account.NotFound()
	}
	return i, err
}

// importUpdate is an [auth.Update] that also changes an import, whose row it has locked.
type importUpdate func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error

// changeImport runs f on an import of the caller in one transaction, and stores the
// import as f leaves it. It fails as [Imports.Import] and f do.
func (s *Imports) changeImport(
	ctx context.Context, caller *account.Principal, id int64, f importUpdate,
) (account.Import, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityUser, access.All)
	if err != nil {
		return account.Import{}, err
	}
	var i account.Import
	lock := func(ctx context.Context, tx *account.Tx) (err error) {
		i, err = tx.LockImport(ctx, id)
		i, err = requireOwn(caller, i, err)
		return err
	}
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal) (err error) {
		if i, err = requireOwn(caller, i, nil); err != nil { // again, with the caller's current rights
			return err
		}
		i.Touched = s.now()
		if err := f(ctx, tx, caller, &i); err != nil {
			return err
		}
		return tx.UpdateImport(ctx, i)
	}
	err = s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, update)
	return i, err
}

// changeOpenImport is [Imports.changeImport] for an import that is open and still has as
// many rows as when it was read. It fails with CodeImportState, and with errRowsAdded.
func (s *Imports) changeOpenImport(
	ctx context.Context, caller *account.Principal, was account.Import, f importUpdate,
) (account.Import, error) {
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error {
		switch {
		case i.State != account.ImportOpen:
			return wrongState(*i)
		case i.Rows != was.Rows:
			return errRowsAdded
		}
		return f(ctx, tx, caller, i)
	}
	return s.changeImport(ctx, caller, was.ID, update)
}

// wrongState returns the error for an operation that the import's state does not allow.
func wrongState(i account.Import) error {
	return &account.Error{
		Code:    account.CodeImportState,
		Message: fmt.Sprintf("The import is %s, so this cannot be done with it.", i.State),
	}
}
