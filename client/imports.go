package client

import (
	"context"
	"net/http"
)

// ImportsService creates many users in batches. The users stay inactive until
// [ImportsService.Finish] activates them. [ImportsService.Undo] removes them again.
type ImportsService struct{ client *Client }

// MaxImportRows is the maximum number of rows of one call of [ImportsService.AddRows].
// The body of the request can have at most 4 MiB.
const MaxImportRows = 1000

// Begin opens an import. If dryRun is true, the server checks the rows and creates no
// users.
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

// AddRows adds the next rows to an import. Rows are numbered from 1, and first is the
// number of the first row in users. first is at most one more than the number of rows
// that the import already has. The server skips rows that the import already has, so
// repeating a call is safe.
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

// Finish activates the users of an import who are Active in their rows. It sends an
// invitation to each of these users who has no password. Call Finish again while the
// State of the import is [ImportFinishing].
func (s *ImportsService) Finish(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, s.client, request{
		method: http.MethodPost, path: "api/imports/" + decimal(id) + "/finish",
	})
}

// Undo removes the users that an open import has created. It keeps users whom an
// administrator has activated meanwhile. Call Undo again while the State of the import
// is [ImportUndoing].
func (s *ImportsService) Undo(ctx context.Context, id int64) (Import, error) {
	return receive[Import](ctx, s.client, request{method: http.MethodDelete, path: "api/imports/" + decimal(id)})
}
