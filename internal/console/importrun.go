package console

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// Numbers of a running import.
const (
	importBatch   = 100 // rows at once: their passwords take some seconds to hash
	importTries   = 30  // of a batch, while the database is away
	importPause   = 2 * time.Second
	progressEvery = "2" // seconds
)

// startImport runs an import without its importer, a few at once. What a server leaves
// that ends meanwhile can be undone by its importer at once, and is by the rules after
// a week; nobody of it can sign in. One that was finishing can be finished by anyone
// who sees it.
func (q *request) startImport(caller *account.Principal, u *upload) {
	ctx := context.WithoutCancel(q.Context())
	go func() {
		q.uploads.slots <- struct{}{}
		defer func() { <-q.uploads.slots }()
		faults, err := q.runImport(ctx, caller, u)
		if err != nil {
			q.Logger.ErrorContext(ctx, "an import of the console was interrupted", "import", u.Import, "error", err)
		}
		q.uploads.end(u, faults, err != nil)
	}()
}

// runImport creates the users of a file, and lets them in when the last is there. Faults
// that came up since the check undo it, and so does a failure while that is possible.
func (c *console) runImport(ctx context.Context, caller *account.Principal, u *upload) (faults []userfile.Fault, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if faults, err = c.addRows(ctx, caller, u); err != nil || faults != nil {
		_, undoErr := c.undoImport(ctx, caller, u.Import)
		if err == nil || account.ErrorCode(err) == account.CodeImportState { // somebody undoes it already
			err = undoErr
		}
		return faults, err
	}
	var i account.Import
	for err == nil && i.State != account.ImportFinished {
		err = again(ctx, func() (err error) {
			i, err = c.accounts.FinishImport(ctx, caller, u.Import)
			return err
		})
	}
	return nil, err
}

// addRows brings the rows of a file to its import, until one is at fault.
func (c *console) addRows(ctx context.Context, caller *account.Principal, u *upload) ([]userfile.Fault, error) {
	for first := 0; first < len(u.Rows); first += importBatch {
		some := u.Rows[first:min(first+importBatch, len(u.Rows))]
		var found []account.ImportFault
		err := again(ctx, func() (err error) {
			_, found, err = c.accounts.AddImportRows(ctx, caller, u.Import, some[0].User, importUsers(some))
			return err
		})
		if err != nil || len(found) > 0 {
			return newFaults(some, nil, found), err
		}
	}
	return nil, nil
}

// again does something until it is not refused because the server is busy, some times
// at most.
func again(ctx context.Context, do func() error) (err error) {
	for range importTries {
		if err = do(); account.ErrorCode(err) != account.CodeUnavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(importPause):
		}
	}
	return err
}

// progress is how far an import has come, as templates/importprogress.html shows it.
type progress struct {
	Import    account.Import
	ID        string
	Name      string
	Total     int    // 0: another server knows
	Running   bool   // here
	Says      string // how far it has come, in words
	Touched   time.Time
	Faults    []planRow // that undid it, as far as this server knows
	MayUndo   bool
	MayFinish bool
	Left      bool // it did not come to its end here
	Stopped   bool // and this server knows that it failed
	MayUsers  bool
}

// importWords say how far an import has come, with the number of its users.
var importWords = map[account.ImportState]locale.Phrase{
	account.ImportOpen:      "%d users were created so far. They can sign in when the last one is there.",
	account.ImportFinishing: "All %d users were created. They are let in and invited now.",
	account.ImportFinished:  "%d users were imported.",
	account.ImportUndoing:   "The import is being undone. It had created %d users.",
}

// showProgress shows an import. The number of users is in the database, so any server
// can show it; the page asks for itself again while the import runs on this one.
func (q *request) showProgress() error {
	id, err := importID(q.URL.Query().Get("import"))
	if err != nil {
		return err
	}
	// Before the database is read: an import that ends between the two would be one that
	// is not over there, and does not run here.
	here, known := q.uploads.of(id)
	i, err := q.accounts.Import(q.Context(), q.caller, id)
	if err != nil {
		return err
	}
	if known && here.Session != q.caller.Session.ID {
		here.Name, here.Faults = "", nil // another session's
	}
	over := i.State == account.ImportFinished || i.State == account.ImportUndone
	p := progress{
		Import: i, ID: fmt.Sprint(i.ID), Name: here.Name, Total: here.Total, Running: here.Running,
		Says: q.say(importWords[i.State], i.Rows), Touched: q.local(i.Touched),
		MayUndo:   i.State == account.ImportOpen || i.State == account.ImportUndoing && !here.Running,
		MayFinish: i.State == account.ImportFinishing && !here.Running,
		Left:      !over && !here.Running, Stopped: here.Stopped, MayUsers: q.may(access.ActionRead, access.EntityUser),
	}
	if i.State == account.ImportUndone {
		p.Says = q.say("The import was undone. None of its users is left.")
	}
	for _, f := range here.Faults {
		p.Faults = append(p.Faults, planRow{Line: f.Line, Faults: []planFault{{f.Field, sentence(q.look.language.SayRule(f.Message))}}})
	}
	if p.Running {
		q.w.Header().Set("Refresh", progressEvery)
	}
	return q.showStatus(http.StatusOK, "importprogress.html", q.say("Import %s", p.ID), p)
}

// undoBegun undoes an import that is not over.
func (q *request) undoBegun() error {
	i, err := q.begunImport(q.value("import"))
	if err != nil {
		return err
	}
	if _, err := q.undoImport(q.Context(), q.caller, i.ID); err != nil {
		return err
	}
	return q.redirect(progressPath(i.ID))
}

// finishBegun goes on with an import whose users are all there.
func (q *request) finishBegun() error {
	i, err := q.begunImport(q.value("import"))
	if err != nil {
		return err
	}
	if i.State == account.ImportFinishing { // else rows may be missing
		if _, err := q.accounts.FinishImport(q.Context(), q.caller, i.ID); err != nil {
			return err
		}
	}
	return q.redirect(progressPath(i.ID))
}
