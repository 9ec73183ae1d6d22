package client

import (
	"context"
	"net/http"
)

// MaxImportRows is how many rows one [Client.AddImportRows] may add. The request is
// at most 4 MiB large.
const MaxImportRows = 1000

// BeginImport opens an import. A dry run checks rows and creates no users.
//
//	i, err := c.BeginImport(ctx, false)
//	for first := 1; more rows; first += len(users) {
//		result, err := c.AddImportRows(ctx, i.ID, first, users) // result.Faults: fix the rows and begin again
//	}
//	for i.State != client.ImportFinished {
//		i, err = c.FinishImport(ctx, i.ID)
//	}
func (c *Client) BeginImport(ctx context.Context, dryRun bool) (Import, error) {
	return receive[Import](ctx, c, request{
		method: http.MethodPost, path: "api/imports", body: map[string]bool{"dryRun": dryRun},
	})
}

// Import returns one import.
func (c *Client) Import(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, c, request{method: http.MethodGet, path: "api/imports/" + decimal(id)})
}

// AddImportRows adds the next rows to an import, the first of which has the number
// first: one more than the rows that it has. Rows that it has already are skipped,
// so a repeat does no harm.
func (c *Client) AddImportRows(ctx context.Context, id int64, first int, users []ImportUser) (ImportResult, error) {
	rows := make([]plainImportUser, len(users))
	for i, u := range users {
		rows[i] = plainImportUser(u)
	}
	return receive[ImportResult](ctx, c, request{
		method: http.MethodPost, path: "api/imports/" + decimal(id) + "/rows",
		body: map[string]any{"first": first, "users": rows},
	})
}

// FinishImport activates the users of an import and invites those without a
// password. Call it again while the import is in [ImportFinishing].
func (c *Client) FinishImport(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, c, request{method: http.MethodPost, path: "api/imports/" + decimal(id) + "/finish"})
}

// UndoImport removes the users that an open import has created, but for those that
// an administrator has activated since. Call it again while the import is in
// [ImportUndoing].
func (c *Client) UndoImport(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, c, request{method: http.MethodDelete, path: "api/imports/" + decimal(id)})
}
