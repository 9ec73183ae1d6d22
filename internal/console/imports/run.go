package imports

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const (
	batchSize       = 100 // rows; hashing the passwords of a batch takes seconds
	maxTries        = 30  // attempts to send a batch while the database is unavailable
	retryPause      = 2 * time.Second
	refreshInterval = "2" // seconds between two refreshes of the progress page
)

// startImport runs an import in the background, after the response was sent. At most maxRunning
// imports run at once; others wait.
//
// If the server stops during an import, none of the new users can sign in. The user can undo the
// import at once; otherwise package service undoes it after a week. An import whose rows were all
// added can be finished instead, by any user who may see it.
func (h *handler) startImport(q *page.Request, u *upload) {
	caller := q.Caller
	ctx := context.WithoutCancel(q.Context())
	go func() {
		h.uploads.slots <- struct{}{}
		defer func() { <-h.uploads.slots }()
		faults, err := h.runImport(ctx, caller, u)
		if err != nil {
			q.Logger.ErrorContext(ctx, "console import interrupted", "import", u.Import, "error", err)
		}
		h.uploads.finish(u, faults, err != nil)
	}()
}

// runImport creates the users of a file, and activates all of them after the last one was created.
// If a batch can't be added, or has faults that the check didn't find, runImport undoes the import.
// An import that fails while it activates users is not undone.
func (h *handler) runImport(
	ctx context.Context, caller *account.Principal, u *upload,
) (faults []userfile.Fault, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if faults, err = h.addRows(ctx, caller, u); err != nil || faults != nil {
		_, undoErr := h.undoAll(ctx, caller, u.Import)
		if err == nil || account.ErrorCode(err) == account.CodeImportState { // another request already undoes it
			err = undoErr
		}
		return faults, err
	}
	var i account.Import
	for err == nil && i.State != account.ImportFinished {
		err = retryWhileUnavailable(ctx, func() (err error) {
			i, err = h.service.FinishImport(ctx, caller, u.Import)
			return err
		})
	}
	return nil, err
}

// addRows adds the rows of a file to its import in batches. It stops at the first batch with faults
// and returns these.
func (h *handler) addRows(ctx context.Context, caller *account.Principal, u *upload) ([]userfile.Fault, error) {
	for first := 0; first < len(u.Rows); first += batchSize {
		batch := u.Rows[first:min(first+batchSize, len(u.Rows))]
		var found []account.ImportFault
		err := retryWhileUnavailable(ctx, func() (err error) {
			_, found, err = h.service.AddImportRows(ctx, caller, u.Import, batch[0].User, importUsers(batch))
			return err
		})
		if err != nil || len(found) > 0 {
			return newFaults(batch, nil, found), err
		}
	}
	return nil, nil
}

// retryWhileUnavailable calls f, and calls it again while its error is [account.CodeUnavailable].
// It makes at most maxTries calls.
func retryWhileUnavailable(ctx context.Context, f func() error) (err error) {
	for range maxTries {
		if err = f(); account.ErrorCode(err) != account.CodeUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryPause):
		}
	}
	return err
}

// progress describes how far an import is. It is the data of templates/importprogress.html.
type progress struct {
	Import    account.Import
	ID        string
	Name      string
	Total     int    // rows of the file; 0 if the file was not uploaded to this server
	Running   bool   // the import runs on this server
	Says      string // describes the state, translated
	Touched   time.Time
	Faults    []planRow // why the import was undone; empty on a server that didn't run it
	MayUndo   bool
	MayFinish bool
	Left      bool // the import has neither ended, nor does it run on this server
	Stopped   bool // this server ran the import and knows that it failed
	MayUsers  bool
}

// stateTexts maps the state of an import to a phrase. Its argument is the number of users that were
// created.
var stateTexts = map[account.ImportState]locale.Phrase{
	account.ImportOpen:      "%d users were created so far. They can sign in when the last one is there.",
	account.ImportFinishing: "All %d users were created. They are let in and invited now.",
	account.ImportFinished:  "%d users were imported.",
	account.ImportUndoing:   "The import is being undone. It had created %d users.",
}

// showProgress shows an import. The number of users is in the database, so any server can show it.
// The page refreshes itself while the import runs on this server.
func (h *handler) showProgress(q *page.Request) error {
	id, err := importID(q.URL.Query().Get("import"))
	if err != nil {
		return err
	}
	// Read the local state before the database. In the other order, an import that ends between the
	// two reads would look interrupted: unfinished in the database, and no longer running here.
	here, known := h.uploads.byImport(id)
	i, err := h.service.Import(q.Context(), q.Caller, id)
	if err != nil {
		return err
	}
	if known && here.Session != q.Caller.Session.ID {
		here.Name, here.Faults = "", nil // only the session that uploaded the file may see its name and faults
	}
	ended := i.State == account.ImportFinished || i.State == account.ImportUndone
	p := progress{
		Import: i, ID: fmt.Sprint(i.ID), Name: here.Name, Total: here.Total, Running: here.Running,
		Says: q.Tr(stateTexts[i.State], i.Rows), Touched: q.Local(i.Touched),
		MayUndo:   i.State == account.ImportOpen || i.State == account.ImportUndoing && !here.Running,
		MayFinish: i.State == account.ImportFinishing && !here.Running,
		Left:      !ended && !here.Running, Stopped: here.Stopped, MayUsers: q.May(access.ActionRead, access.EntityUser),
	}
	if i.State == account.ImportUndone {
		p.Says = q.Tr("The import was undone. None of its users is left.")
	}
	for _, f := range here.Faults {
		p.Faults = append(p.Faults, planRow{Line: f.Line, Faults: []rowFault{{f.Field, q.TrDetail(f.Message)}}})
	}
	if p.Running {
		q.Writer.Header().Set("Refresh", refreshInterval)
	}
	return q.ShowStatus(http.StatusOK, "importprogress.html", q.Tr("Import %s", p.ID), p)
}

// undoImport undoes an import that is neither finished nor being finished.
func (h *handler) undoImport(q *page.Request) error {
	i, err := h.sentImport(q)
	if err != nil {
		return err
	}
	if _, err := h.undoAll(q.Context(), q.Caller, i.ID); err != nil {
		return err
	}
	return q.Redirect(progressPath(i.ID))
}

// finishImport finishes an import whose users were all created.
func (h *handler) finishImport(q *page.Request) error {
	i, err := h.sentImport(q)
	if err != nil {
		return err
	}
	if i.State == account.ImportFinishing { // in any other state, rows may be missing
		if _, err := h.service.FinishImport(q.Context(), q.Caller, i.ID); err != nil {
			return err
		}
	}
	return q.Redirect(progressPath(i.ID))
}
