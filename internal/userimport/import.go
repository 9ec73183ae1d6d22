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

// Numbers of imports.
const (
	MaxImportRows = 1000 // at once

	// importStep is how many rows one transaction creates, finishes or undoes at
	// most, and importSteps how many of these one request does: neither other
	// writers nor the client wait long.
	importStep  = 200
	importSteps = 50
	// importWork is after how much time one finishes or undoes no more rows: far
	// from the database each takes many journeys, and a transaction that takes long
	// is cut.
	importWork = time.Second

	importIdle   = 7 * 24 * time.Hour  // after which an open import is undone
	ImportRecord = 30 * 24 * time.Hour // for which what became of an import is kept
)

// BeginImport opens an import, which belongs to the caller.
func (s *Imports) BeginImport(ctx context.Context, caller *account.Principal, dryRun bool) (account.Import, error) {
	var i account.Import
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityUser, access.All)
	if err != nil {
		return account.Import{}, err
	}
	err = s.auth.UpdateAs(ctx, permit, func(ctx context.Context, tx account.Tx, caller *account.Principal) error {
		now := s.now()
		i = account.Import{UserID: caller.User.ID, DryRun: dryRun, State: account.ImportOpen, Created: now, Touched: now}
		var err error
		if i.ID, err = tx.InsertImport(ctx, i); err != nil {
			return err
		}
		return s.audit.Record(ctx, tx, caller, account.Event{Action: account.ActionImportBegin, Target: i.Target(), Changes: []account.FieldChange{{Field: "dryRun", To: dryRun}}})
	})
	return i, err
}

// Import returns one import. That of somebody else is CodeNotFound, but for
// administrators.
func (s *Imports) Import(ctx context.Context, caller *account.Principal, id int64) (account.Import, error) {
	if err := account.Allow(caller, access.ActionCreate, access.EntityUser, access.All); err != nil {
		return account.Import{}, err
	}
	i, err := s.store.Import(ctx, id)
	return ownImport(caller, i, err)
}

// ownImport passes on an import that was read, unless the caller may not see it.
func ownImport(caller *account.Principal, i account.Import, err error) (account.Import, error) {
	if errors.Is(err, account.ErrNotFound) || err == nil && i.UserID != caller.User.ID && !caller.Access.Administrator {
		return account.Import{}, account.NotFound()
	}
	return i, err
}

// changeImport runs f on an import of the caller's in one transaction, and stores
// what f makes of it.
func (s *Imports) changeImport(ctx context.Context, caller *account.Principal, id int64, f func(ctx context.Context, tx account.Tx, caller *account.Principal, i *account.Import) error) (account.Import, error) {
	permit, err := auth.Allowed(caller, access.ActionCreate, access.EntityUser, access.All)
	if err != nil {
		return account.Import{}, err
	}
	var i account.Import
	lock := func(ctx context.Context, tx account.Tx) (err error) {
		i, err = tx.LockImport(ctx, id)
		i, err = ownImport(caller, i, err)
		return err
	}
	err = s.auth.UpdateLocked(ctx, permit, auth.NoUser, lock, func(ctx context.Context, tx account.Tx, caller *account.Principal) (err error) {
		if i, err = ownImport(caller, i, nil); err != nil {
			return err
		}
		i.Touched = s.now()
		if err := f(ctx, tx, caller, &i); err != nil {
			return err
		}
		return tx.UpdateImport(ctx, i)
	})
	return i, err
}

// wrongState is the failure of what cannot be done with an import any more.
func wrongState(i account.Import) error {
	return &account.Error{Code: account.CodeImportState, Message: fmt.Sprintf("The import is %s, so this cannot be done with it.", i.State)}
}
