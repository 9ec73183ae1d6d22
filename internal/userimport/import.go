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
	// MaxImportRows limits the rows that one request may add.
	MaxImportRows = 1000

	// batchRows limits the rows that one transaction creates, finishes or undoes, so that
	// other writers do not wait long. maxBatches limits the transactions of one request, so
	// that the client does not wait long.
	batchRows  = 200
	maxBatches = 50
	// batchTime is the time after which a transaction finishes or undoes no more rows. Each
	// row takes several round trips to the database, and a long transaction would time out.
	batchTime = time.Second

	// maxIdle is the time without a request after which an open import is undone.
	maxIdle = 7 * 24 * time.Hour
	// Retention is how long a completed import stays in the database.
	Retention = 30 * 24 * time.Hour
)

// BeginImport starts an import that belongs to the caller. It fails like [account.Allow] if
// the caller may not create users.
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

// Import returns one import. It fails like [account.Allow] if the caller may not create
// users. It fails with CodeNotFound if the import does not exist, or belongs to another
// user and the caller is no administrator.
func (s *Imports) Import(ctx context.Context, caller *account.Principal, id int64) (account.Import, error) {
	if err := account.Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
		return account.Import{}, err
	}
	i, err := s.store.Import(ctx, id)
	return requireOwn(caller, i, err)
}

// requireOwn takes the result of a read. It returns the import if the caller created it or
// is an administrator. Otherwise it fails with CodeNotFound.
func requireOwn(caller *account.Principal, i account.Import, err error) (account.Import, error) {
	if errors.Is(err, account.ErrNotFound) || err == nil && i.UserID != caller.User.ID && !caller.Access.Administrator {
		return account.Import{}, account.NotFound()
	}
	return i, err
}

// importUpdate is an [auth.Update] that also changes a locked import.
type importUpdate func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error

// changeImport runs f on an import in one transaction, and stores the changed import. It
// fails like [Imports.Import], and with the error of f.
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
		if i, err = requireOwn(caller, i, nil); err != nil { // check again with the caller's current permissions
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

// changeOpenImport is like [Imports.changeImport], for adding rows. It fails with
// CodeImportState if the import is not open. It fails with errRowsAdded if the import has
// got more rows than the copy lastRead.
func (s *Imports) changeOpenImport(
	ctx context.Context, caller *account.Principal, lastRead account.Import, f importUpdate,
) (account.Import, error) {
	update := func(ctx context.Context, tx *account.Tx, caller *account.Principal, i *account.Import) error {
		switch {
		case i.State != account.ImportOpen:
			return wrongState(*i)
		case i.Rows != lastRead.Rows:
			return errRowsAdded
		}
		return f(ctx, tx, caller, i)
	}
	return s.changeImport(ctx, caller, lastRead.ID, update)
}

// wrongState returns the CodeImportState error for the import.
func wrongState(i account.Import) error {
	return &account.Error{
		Code:    account.CodeImportState,
		Message: fmt.Sprintf("The import is %s, so this cannot be done with it.", i.State),
	}
}
