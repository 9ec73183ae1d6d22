package client

import (
	"context"
	"net/http"
)

// ImportsService creates many users in batches, which are activated or undone
// together.
type ImportsService struct{ client *Client }

// MaxImportRows is how many rows one [ImportsService.AddRows] may add. The request is
// at most 4 MiB large.
const MaxImportRows = 1000

// Begin opens an import. A dry run checks rows and creates no users.
//
//	i, err := c.Imports.Begin(ctx, false)
//	for first := 1; more rows; first += len(users) {
//		result, err := c.Imports.AddRows(ctx, i.ID, first, users) // result.Faults: fix the rows and begin again
//	}
//	for i.State != client.ImportFinished {
//		i, err = c.Imports.Finish(ctx, i.ID)
//	}
func (s *ImportsService) Begin(ctx context.Context, dryRun bool) (Import, error) {
	return receive[Import](ctx, s.client, request{
		method: http.MethodPost, path: "api/imports", body: map[string]bool{"dryRun": dryRun},
	})
}

// Get returns one import.
func (s *ImportsService) Get(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, s.client, request{method: http.MethodGet, path: "api/imports/" + decimal(id)})
}

// AddRows adds the next rows to an import, the first of which has the number
// first: one more than the rows that it has. Rows that it has already are skipped,
// so a repeat does no harm.
func (s *ImportsService) AddRows(ctx context.Context, id int64, first int, users []ImportUser) (ImportResult, error) {
	rows := make([]plainImportUser, len(users))
	for i, u := range users {
		rows[i] = plainImportUser(u)
	}
	return receive[ImportResult](ctx, s.client, request{
		method: http.MethodPost, path: "api/imports/" + decimal(id) + "/rows",
		body: map[string]any{"first": first, "users": rows},
	})
}

// Finish activates the users of an import and invites those without a
// password. Call it again while the import is in [ImportFinishing].
func (s *ImportsService) Finish(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, s.client, request{
		method: http.MethodPost, path: "api/imports/" + decimal(id) + "/finish",
	})
}

// Undo removes the users that an open import has created, but for those that
// an administrator has activated since. Call it again while the import is in
// [ImportUndoing].
func (s *ImportsService) Undo(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, s.client, request{method: http.MethodDelete, path: "api/imports/" + decimal(id)})
}
