package imports

import (
	"cmp"
	"errors"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

var errImportTooLarge = &page.Refusal{
	Status: http.StatusRequestEntityTooLarge, Title: "That was too much",
	Text: []locale.Phrase{
		"The file is larger than 10 MiB. Nothing was created.",
		"“usher users import” on the command line takes files of any length.",
	},
}

// formPage is the data of templates/import.html.
type formPage struct {
	Form    *page.Form
	Columns []columnHelp
	Waiting string // name of an uploaded file that the user has not confirmed yet; "": none
}

func importForm(q *page.Request) *page.Form {
	return q.PrepareForm(&page.Form{
		Action: importPath, Submit: "Check the file", Cancel: usersPath, Files: true,
		Fields: []*page.Field{
			{
				Name: "file", Label: "File", Type: "file", Required: true,
				Accept: ".csv,.json,text/csv,application/json",
				Hint: "CSV or JSON, at most 10 MiB and 10,000 users. “usher users import” on the command line " +
					"takes more. Nothing is created before you have seen what will be.",
			},
			{Name: "format", Label: "Form of the file", Type: "select", Options: []page.Option{
				{Value: "", Text: q.Tr("As its name ends")},
				{Value: string(userfile.CSV), Text: "CSV"},
				{Value: string(userfile.JSON), Text: "JSON"},
			}},
		},
	})
}

func (h *handler) showImport(q *page.Request) error {
	return h.showImportForm(q, http.StatusOK, importForm(q))
}

func (h *handler) showImportForm(q *page.Request, status int, f *page.Form) error {
	waiting, _ := h.uploads.waiting(q.Caller.Session.ID)
	view := formPage{Form: f, Columns: columnHelps(), Waiting: waiting.Name}
	return q.ShowStatus(status, "import.html", q.Tr("Import users"), view)
}

// checkImport reads and checks an uploaded file. A file without faults waits for the user's
// confirmation. A file with faults is discarded, and the page shows its faults.
func (h *handler) checkImport(q *page.Request) error {
	f := importForm(q)
	file, head, err := q.FormFile("file")
	if err != nil {
		return h.refuseFile(q, f, "file", "Choose a file.")
	}
	defer file.Close()
	extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(head.Filename), "."))
	format := userfile.Format(cmp.Or(q.Value("format"), extension))
	if format != userfile.CSV && format != userfile.JSON {
		return h.refuseFile(q, f, "format", "The name of the file does not tell. Choose CSV or JSON.")
	}
	select {
	case h.uploads.checks <- struct{}{}:
		defer func() { <-h.uploads.checks }()
	case <-q.Context().Done():
		return q.Context().Err()
	}
	name := page.Truncate(head.Filename, maxFileName)
	rows, faults, err := readFile(file, format)
	switch {
	case errors.Is(err, errTooManyRows):
		return h.refuseFile(q, f, "file",
			"The file has more than 10,000 users. Split it, or use “usher users import” on the command line.")
	case errors.Is(err, userfile.ErrTooLong):
		return h.refuseFile(q, f, "file", "A user of the file is longer than 1 MiB. Is a quote not closed?")
	case err != nil:
		return err
	}
	if len(rows) > 0 {
		if faults, err = h.checkUsers(q, rows, faults); err != nil {
			return q.AnswerRefusal(f, err, func(status int) error { return h.showImportForm(q, status, f) })
		}
	}
	if len(faults) > 0 {
		p, err := h.newPlan(q, name, rows, faults)
		if err != nil {
			return err
		}
		return q.ShowStatus(http.StatusUnprocessableEntity, "importcheck.html",
			q.Tr("This file cannot be imported yet"), p)
	}
	if !h.uploads.add(q.Caller.Session.ID, name, rows) {
		f.Alert = q.Tr("Too many files wait to be imported, or are being imported. Nothing was created. Try again " +
			"in 15 minutes.")
		return h.showImportForm(q, http.StatusServiceUnavailable, f)
	}
	return q.Redirect(importPath + "/check")
}

// refuseFile shows the form again with a fault at one field.
func (h *handler) refuseFile(q *page.Request, f *page.Form, field string, fault locale.Phrase) error {
	q.MarkField(f, field, fault)
	f.Alert = q.Tr("Nothing was created. See what is marked below.")
	return h.showImportForm(q, http.StatusUnprocessableEntity, f)
}

// showPlan shows what the import of the waiting file would do.
func (h *handler) showPlan(q *page.Request) error {
	u, ok := h.uploads.waiting(q.Caller.Session.ID)
	if !ok {
		return q.Redirect(importPath)
	}
	p, err := h.newPlan(q, u.Name, u.Rows, nil)
	if err != nil {
		return err
	}
	p.Upload = u.ID
	return q.Show("importcheck.html", "What the import will do", p)
}

func (h *handler) discardImport(q *page.Request) error {
	h.uploads.discard(q.Caller.Session.ID)
	return q.RedirectWithFlash(importPath, "The file was let go of. Nothing was created.")
}

// beginImport starts the import of the waiting file. The form has the id of the file that the user
// saw; if another file waits now, nothing is imported.
func (h *handler) beginImport(q *page.Request) error {
	u, ok := h.uploads.claim(q.Caller.Session.ID, q.Value("upload"))
	if !ok {
		f := importForm(q)
		f.Alert = q.Tr("The file is no longer here: it waits for 15 minutes, and only where it was sent. Nothing " +
			"was created by this. Choose it again.")
		return h.showImportForm(q, http.StatusConflict, f)
	}
	i, err := h.service.BeginImport(q.Context(), q.Caller, false)
	h.uploads.setImport(u, i.ID)
	if err != nil {
		return err
	}
	h.startImport(q, u)
	return q.Redirect(progressPath(i.ID))
}

// progressPath returns the path of the page that shows the progress of an import.
func progressPath(id int64) string {
	return importPath + "/progress?import=" + strconv.FormatInt(id, 10)
}

// sentImport returns the import whose id is in the form.
func (h *handler) sentImport(q *page.Request) (account.Import, error) {
	id, err := importID(q.Value("import"))
	if err != nil {
		return account.Import{}, err
	}
	return h.service.Import(q.Context(), q.Caller, id)
}

// importID parses the id of an import. An invalid id is reported as not found.
func importID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, account.NotFound()
	}
	return id, nil
}
