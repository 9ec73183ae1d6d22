package console

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// Limits of a file that the pages import. The command line takes any length.
const (
	maxImportFile = 10 << 20 // bytes
	maxImportRows = 10_000
	maxFileName   = 255 // bytes that are kept of its name

	faultyShown = 200 // rows with faults
	goodShown   = 100
	faultsShown = 8 // of a row, and of the file as a whole
)

// errTooManyRows means that a file has more than maxImportRows.
var errTooManyRows = errors.New("too many rows")

// readFile reads a file to its end, with all that is wrong with it by itself.
func readFile(r io.Reader, format userfile.Format) (rows []userfile.Row, faults []userfile.Fault, err error) {
	file, err := userfile.NewReader(r, format)
	if err != nil {
		return nil, nil, err
	}
	for {
		row, found, err := file.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, faults, nil
		case err != nil:
			return nil, nil, err
		case len(rows) == maxImportRows && row.User > 0:
			return nil, nil, errTooManyRows
		}
		faults = append(faults, found...)
		if row.User > 0 {
			rows = append(rows, row)
		}
	}
}

// checkUsers adds what the rules find wrong with rows by a dry run, which is forgotten
// again.
func (q *request) checkUsers(rows []userfile.Row, faults []userfile.Fault) (_ []userfile.Fault, err error) {
	i, err := q.accounts.BeginImport(q.Context(), q.caller, true)
	if err != nil {
		return nil, err
	}
	defer func() {
		_, undoErr := q.undoImport(context.WithoutCancel(q.Context()), q.caller, i.ID)
		if err == nil {
			err = undoErr
		}
	}()
	for some := range slices.Chunk(rows, userimport.MaxImportRows) {
		_, found, err := q.accounts.AddImportRows(q.Context(), q.caller, i.ID, some[0].User, importUsers(some))
		if err != nil {
			return nil, err
		}
		faults = append(faults, newFaults(some, faults, found)...)
	}
	return faults, nil
}

// undoImport calls the rules until an import is undone.
func (c *console) undoImport(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	for err == nil && i.State != account.ImportUndone {
		i, err = c.accounts.UndoImport(ctx, caller, id)
	}
	return i, err
}

// importUsers are rows as the rules take them.
func importUsers(rows []userfile.Row) []account.ImportUser {
	users := make([]account.ImportUser, len(rows))
	for i := range rows {
		r := &rows[i]
		users[i] = account.ImportUser{
			Email: r.Email, Name: r.Name, Surname: r.Surname, Department: r.Department, Biography: r.Biography, Active: r.Active,
		}
		if !r.Password.Empty() {
			users[i].Password = &r.Password
		}
		if !r.PasswordHash.Empty() {
			users[i].PasswordHash = &r.PasswordHash
		}
	}
	return users
}

// newFaults are faults that the rules found in rows, without those of fields that are
// known to be at fault: they were left out.
func newFaults(rows []userfile.Row, known []userfile.Fault, found []account.ImportFault) (faults []userfile.Fault) {
	atFault := map[int][]string{} // fields by user
	for _, f := range known {
		atFault[f.User] = append(atFault[f.User], f.Field)
	}
	for _, f := range found {
		row := rows[f.Row-rows[0].User]
		field := strings.TrimPrefix(f.Path, "/")
		if field == "passwordHash" {
			field = "password_hash"
		}
		if fields := atFault[row.User]; !slices.Contains(fields, field) && !slices.Contains(fields, "") {
			faults = append(faults, userfile.Fault{Line: row.Line, User: row.User, Field: field, Message: f.Message})
		}
	}
	return faults
}

// plan is what an import of a file will do, as templates/importcheck.html shows it.
type plan struct {
	Upload   string // its id; "": it cannot be imported
	Name     string
	Total    int
	Password int // active at once, by a password or a hash of the file
	Invited  int
	Inactive int
	Roles    []string // that all get, as far as the caller sees them

	Faults     int // rows with faults
	Whole      []string
	MoreWhole  bool      // that is not shown
	Faulty     []planRow // the first of them
	Good       []planRow // likewise
	MoreFaulty int       // that are not shown
	MoreGood   int
}

// planRow is what an import does with a row, or what is wrong with it.
type planRow struct {
	Line                    int
	Email, Name, Department string
	Does                    locale.Phrase
	Faults                  []planFault
	More                    bool // faults, that are not shown
}

type planFault struct{ Field, Text string }

// planOf says what an import of rows will do.
func (q *request) planOf(name string, rows []userfile.Row, faults []userfile.Fault) (*plan, error) {
	p := &plan{Name: name, Total: len(rows)}
	byUser := map[int][]planFault{}
	for _, f := range faults {
		text := sentence(q.look.language.SayRule(f.Message))
		if f.User == 0 {
			p.Whole = append(p.Whole, q.say("Line %s:", strconv.Itoa(f.Line))+" "+text)
			continue
		}
		byUser[f.User] = append(byUser[f.User], planFault{f.Field, text})
	}
	p.Whole, p.MoreWhole = firstOf(p.Whole)
	p.Faults = len(byUser)
	for i := range rows {
		p.add(&rows[i], byUser[rows[i].User])
	}
	if !q.may(access.ActionRead, access.EntityRole) {
		return p, nil
	}
	roles, err := q.accounts.DefaultRoles(q.Context(), q.caller)
	for _, r := range roles {
		p.Roles = append(p.Roles, r.Name)
	}
	return p, err
}

// firstOf returns those of the faults that are shown, and whether there are more.
func firstOf[T any](faults []T) (shown []T, more bool) {
	return faults[:min(len(faults), faultsShown)], len(faults) > faultsShown
}

// add counts a row, and shows it where there is room.
func (p *plan) add(r *userfile.Row, faults []planFault) {
	shown := planRow{Line: r.Line, Email: r.Email, Name: r.Name}
	shown.Faults, shown.More = firstOf(faults)
	if r.Surname != nil {
		shown.Name = strings.TrimSpace(r.Name + " " + *r.Surname)
	}
	if r.Department != nil {
		shown.Department = *r.Department
	}
	switch {
	case !r.Active:
		shown.Does = "Not active: cannot sign in"
		p.Inactive++
	case !r.Password.Empty():
		shown.Does = "Active, with the password of the file"
		p.Password++
	case !r.PasswordHash.Empty():
		shown.Does = "Active, with the password of another system"
		p.Password++
	default:
		shown.Does = "Active, invited by mail to choose a password"
		p.Invited++
	}
	switch {
	case faults != nil && len(p.Faulty) < faultyShown:
		p.Faulty = append(p.Faulty, shown)
	case faults != nil:
		p.MoreFaulty++
	case len(p.Good) < goodShown:
		p.Good = append(p.Good, shown)
	default:
		p.MoreGood++
	}
}
