package client

import (
	"context"
	"net/http"
	"time"

	"github.com/seed-3a99a2fe/usher/client/internal/wire"
)

// ImportState is how far an import has come.
type ImportState string

// The states of an import.
const (
	ImportOpen      ImportState = "open"      // takes rows
	ImportFinishing ImportState = "finishing" // lets its users in; call FinishImport again
	ImportFinished  ImportState = "finished"
	ImportUndoing   ImportState = "undoing" // removes its users; call UndoImport again
	ImportUndone    ImportState = "undone"
)

// MaxImportRows is how many rows one [Client.AddImportRows] may add. The request is
// at most 4 MiB large.
const MaxImportRows = 1000

// Import is the making of any number of users in batches that belong together. Its
// users are inactive until it is finished; a fault in any row undoes all of them.
//
//	i, err := c.BeginImport(ctx, false)
//	for first := 1; more rows; first += len(users) {
//		result, err := c.AddImportRows(ctx, i.ID, first, users) // result.Faults: mend and begin anew
//	}
//	for i.State != client.ImportFinished {
//		i, err = c.FinishImport(ctx, i.ID)
//	}
type Import struct {
	ID         int64       `json:"id"`
	CreatedAt  time.Time   `json:"createdAt"`
	DryRun     bool        `json:"dryRun"` // rows are checked alone
	Faults     int         `json:"faults"`
	FinishedAt *time.Time  `json:"finishedAt"` // when it was finished or undone; nil before
	Rows       int         `json:"rows"`       // taken so far
	State      ImportState `json:"state"`
}

// ImportUser is one row of an import. It has a password, or its hash from another
// system, or neither: then the user is invited by mail, if active. It prints with
// both masked.
type ImportUser struct {
	Name         string
	Email        string
	Surname      *string // nil: none; likewise below
	Department   *string
	Biography    *string
	Active       bool    // once the import is finished
	Password     *string // a secret
	PasswordHash *string // argon2id, bcrypt or pbkdf2_sha256; a secret
}

// ImportFault is something in a row that has to be mended.
type ImportFault struct {
	Row     int    `json:"row"`     // counted from 1 over the whole import
	Path    string `json:"path"`    // JSON pointer (RFC 6901) into the row, as "/email"
	Message string `json:"message"` // what is expected there
}

// ImportResult is what became of rows.
type ImportResult struct {
	Import Import        `json:"import"`
	Faults []ImportFault `json:"faults"`
}

// BeginImport opens an import. A dry run checks rows and makes no users.
func (c *Client) BeginImport(ctx context.Context, dryRun bool) (Import, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiImportsPost(ctx, wire.NewImport{DryRun: dryRun})
	}, importFromWire)
}

// Import returns one import.
func (c *Client) Import(ctx context.Context, id int64) (Import, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiImportsIdGet(ctx, pathID(id))
	}, importFromWire)
}

// AddImportRows adds the next rows to an import, the first of which has the number
// first: one more than the rows that it has. Rows that it has already are skipped,
// so a repeat does no harm.
func (c *Client) AddImportRows(ctx context.Context, id int64, first int, users []ImportUser) (ImportResult, error) {
	body := wire.ImportRows{First: first, Users: make([]wire.ImportUser, len(users))}
	for n, u := range users {
		body.Users[n] = u.toWire()
	}
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiImportsIdRowsPost(ctx, pathID(id), body)
	}, func(w wire.ImportRowsResult) ImportResult {
		result := ImportResult{Import: importFromWire(w.Import), Faults: make([]ImportFault, len(w.Faults))}
		for n, f := range w.Faults {
			result.Faults[n] = ImportFault{Row: f.Row, Path: f.Path, Message: f.Message}
		}
		return result
	})
}

// FinishImport lets the users of an import in and invites those without a password.
// Call it again while the import is in [ImportFinishing].
func (c *Client) FinishImport(ctx context.Context, id int64) (Import, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiImportsIdFinishPost(ctx, pathID(id))
	}, importFromWire)
}

// UndoImport removes the users that an open import has made, but for those that
// somebody has activated since. Call it again while the import is in
// [ImportUndoing].
func (c *Client) UndoImport(ctx context.Context, id int64) (Import, error) {
	return receive(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiImportsIdDelete(ctx, pathID(id))
	}, importFromWire)
}

// InviteUser sends a user a message with which to choose a password. It is good for
// a week.
func (c *Client) InviteUser(ctx context.Context, id int64) error {
	return perform(ctx, func(ctx context.Context) (*http.Response, error) {
		return c.wire.ApiUsersIdInvitationPost(ctx, pathID(id))
	})
}

func (u ImportUser) toWire() wire.ImportUser {
	w := wire.ImportUser{
		Name: u.Name, Email: u.Email, Surname: u.Surname, Department: u.Department, Biography: u.Biography,
		Password: u.Password, PasswordHash: u.PasswordHash,
	}
	if u.Active {
		w.Active = &u.Active
	}
	return w
}

func importFromWire(w wire.Import) Import {
	return Import{
		ID: w.ID, CreatedAt: w.CreatedAt, DryRun: w.DryRun, Faults: w.Faults, FinishedAt: w.FinishedAt, Rows: w.Rows,
		State: ImportState(w.State),
	}
}
