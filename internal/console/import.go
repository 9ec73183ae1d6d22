package console

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const importPath = usersPath + "/import"

// An import has two steps: a file is read and shown with what would become of it, then
// its importer says that he wants it. Which import it is stands in the query: the path
// /users/import/7 would be /users/{id}/… as well.
var importRoutes = []route{
	{pattern: "GET " + importPath, page: (*request).showImport, may: createUsers},
	{pattern: "POST " + importPath, page: (*request).checkImport, may: createUsers, body: maxImportFile + maxFormBytes, tooLarge: errImportTooLarge},
	{pattern: "GET " + importPath + "/sample.csv", page: (*request).sampleImport, may: createUsers},
	{pattern: "GET " + importPath + "/check", page: (*request).showPlan, may: createUsers},
	{pattern: "POST " + importPath + "/discard", page: (*request).discardImport, may: createUsers},
	{pattern: "POST " + importPath + "/begin", page: (*request).beginImport, may: createUsers},
	{pattern: "GET " + importPath + "/progress", page: (*request).showProgress, may: createUsers},
	{pattern: "POST " + importPath + "/undo", page: (*request).undoBegun, may: createUsers},
	{pattern: "POST " + importPath + "/finish", page: (*request).finishBegun, may: createUsers},
}

var errImportTooLarge = &refusal{http.StatusRequestEntityTooLarge, "That was too much", []locale.Phrase{
	"The file is larger than 10 MiB. Nothing was created.",
	"“usher users import” on the command line takes files of any length.",
}}

// sampleFile has every column that a file may have.
const sampleFile = `name,surname,email,department,biography,active,password,password_hash
Ada,Lovelace,ada@example.com,Engines,,true,Correct-horse-7,
Charles,Babbage,charles@example.com,,,true,,
Grace,Hopper,grace@example.com,Compilers,"Found a moth, and kept it.",false,,
`

// importColumn is a column of a file, in words.
type importColumn struct {
	Name    string
	Meaning locale.Phrase
}

var importColumns = []importColumn{
	{"name", "Needed."},
	{"email", "Needed: the address to sign in with."},
	{"surname", ""},
	{"department", ""},
	{"biography", ""},
	{"active", "true or false. Without it a user cannot sign in."},
	{"password", "Without one, an active user is invited by mail to choose it."},
	{"password_hash", "A password of another system instead: argon2id, bcrypt, or Django’s pbkdf2_sha256."},
}

// importPage is what templates/import.html shows.
type importPage struct {
	Form    *form
	Columns []importColumn
	Waiting string // name of the file that waits; "": none does
}

func (q *request) importForm() *form {
	return q.form(&form{
		Action: importPath, Submit: "Check the file", Cancel: usersPath, Files: true,
		Fields: []*field{
			{
				Name: "file", Label: "File", Type: "file", Accept: ".csv,.json,text/csv,application/json", Required: true,
				Hint: "CSV or JSON, at most 10 MiB and 10,000 users. “usher users import” on the command line takes more. Nothing is created before you have seen what will be.",
			},
			{Name: "format", Label: "Form of the file", Type: "select", Options: []option{
				{Value: "", Text: q.say("As its name ends")}, {Value: string(userfile.CSV), Text: "CSV"}, {Value: string(userfile.JSON), Text: "JSON"},
			}},
		},
	})
}

func (q *request) showImport() error { return q.showImportForm(http.StatusOK, q.importForm()) }

func (q *request) showImportForm(status int, f *form) error {
	waiting, _ := q.uploads.waiting(q.caller.Session.ID)
	return q.showStatus(status, "import.html", q.say("Import users"), importPage{Form: f, Columns: importColumns, Waiting: waiting.Name})
}

func (q *request) sampleImport() error {
	q.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	q.w.Header().Set("Content-Disposition", `attachment; filename="users.csv"`)
	_, _ = io.WriteString(q.w, sampleFile) // fails only when the reader has gone
	return nil
}

// checkImport reads the file. A good one is kept until its importer says what to do
// with it; one with faults is shown with them, and is not.
func (q *request) checkImport() error {
	f := q.importForm()
	file, head, err := q.FormFile("file")
	if err != nil {
		return q.refuseFile(f, "file", "Choose a file.")
	}
	defer file.Close()
	format := userfile.Format(cmp.Or(q.value("format"), strings.ToLower(strings.TrimPrefix(filepath.Ext(head.Filename), "."))))
	if format != userfile.CSV && format != userfile.JSON {
		return q.refuseFile(f, "format", "The name of the file does not tell. Choose CSV or JSON.")
	}
	name := cut(head.Filename, maxFileName)
	rows, faults, err := readFile(file, format)
	switch {
	case errors.Is(err, errTooManyRows):
		return q.refuseFile(f, "file", "The file has more than 10,000 users. Split it, or use “usher users import” on the command line.")
	case errors.Is(err, userfile.ErrTooLong):
		return q.refuseFile(f, "file", "A user of the file is longer than 1 MiB. Is a quote not closed?")
	case err != nil:
		return err
	}
	if len(rows) > 0 {
		if faults, err = q.checkUsers(rows, faults); err != nil {
			if status := q.refuse(f, err); status != 0 {
				return q.showImportForm(status, f)
			}
			return err
		}
	}
	if len(faults) > 0 {
		p, err := q.planOf(name, rows, faults)
		if err != nil {
			return err
		}
		return q.showStatus(http.StatusUnprocessableEntity, "importcheck.html", q.say("This file cannot be imported yet"), p)
	}
	if !q.uploads.keep(q.caller.Session.ID, name, rows) {
		f.Alert = q.say("Too many files wait to be imported, or are being imported. Nothing was created. Try again in 15 minutes.")
		return q.showImportForm(http.StatusServiceUnavailable, f)
	}
	return q.redirect(importPath + "/check")
}

// refuseFile shows the form again, with what is wrong with a field.
func (q *request) refuseFile(f *form, field string, what locale.Phrase) error {
	q.markField(f, field, what)
	f.Alert = q.say("Nothing was created. See what is marked below.")
	return q.showImportForm(http.StatusUnprocessableEntity, f)
}

// showPlan shows what the file that waits will become.
func (q *request) showPlan() error {
	u, ok := q.uploads.waiting(q.caller.Session.ID)
	if !ok {
		return q.redirect(importPath)
	}
	p, err := q.planOf(u.Name, u.Rows, nil)
	if err != nil {
		return err
	}
	p.Upload = u.ID
	return q.show("importcheck.html", "What the import will do", p)
}

func (q *request) discardImport() error {
	q.uploads.discard(q.caller.Session.ID)
	return q.done(importPath, "The file was let go of. Nothing was created.")
}

func (q *request) beginImport() error {
	u, ok := q.uploads.take(q.caller.Session.ID, q.value("upload"))
	if !ok {
		f := q.importForm()
		f.Alert = q.say("The file is no longer here: it waits for 15 minutes, and only where it was sent. Nothing was created by this. Choose it again.")
		return q.showImportForm(http.StatusConflict, f)
	}
	i, err := q.accounts.BeginImport(q.Context(), q.caller, false)
	q.uploads.begun(u, i.ID)
	if err != nil {
		return err
	}
	q.startImport(q.caller, u)
	return q.redirect(progressPath(i.ID))
}

func progressPath(id int64) string {
	return importPath + "/progress?import=" + strconv.FormatInt(id, 10)
}

// begunImport returns the import whose number was sent.
func (q *request) begunImport(number string) (account.Import, error) {
	id, err := importID(number)
	if err != nil {
		return account.Import{}, err
	}
	return q.accounts.Import(q.Context(), q.caller, id)
}

// importID reads the number of an import. What is none is not there.
func importID(number string) (int64, error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || id < 1 {
		return 0, account.NotFound()
	}
	return id, nil
}
