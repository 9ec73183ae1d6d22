package imports

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/console/page"
	"github.com/seed-3a99a2fe/usher/internal/locale"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// Limits of a file that is imported in the console. The command line (usher users import) has no
// such limits.
const (
	maxImportFile = 10 << 20 // bytes
	maxImportRows = 10_000
	maxFileName   = 255 // bytes; a longer name is truncated

	maxShownFaulty = 200 // rows with faults
	maxShownGood   = 100 // rows without faults
	maxShownFaults = 8   // maximum for one row, and for the file as a whole
)

// errTooManyRows means that a file has more than maxImportRows rows.
var errTooManyRows = errors.New("too many rows")

// readFile reads a file to its end. It returns the rows, and the faults that can be found without
// the database.
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

// checkUsers adds the faults that package service finds in rows. It sends the rows to a dry run of
// an import, and then undoes the dry run.
func (h *handler) checkUsers(
	q *page.Request, rows []userfile.Row, faults []userfile.Fault,
) (_ []userfile.Fault, err error) {
	i, err := h.service.BeginImport(q.Context(), q.Caller, true)
	if err != nil {
		return nil, err
	}
	defer func() {
		_, undoErr := h.undoAll(context.WithoutCancel(q.Context()), q.Caller, i.ID)
		if err == nil {
			err = undoErr
		}
	}()
	for batch := range slices.Chunk(rows, userimport.MaxImportRows) {
		_, found, err := h.service.AddImportRows(q.Context(), q.Caller, i.ID, batch[0].User, importUsers(batch))
		if err != nil {
			return nil, err
		}
		faults = append(faults, newFaults(batch, faults, found)...)
	}
	return faults, nil
}

// undoAll calls UndoImport until the import is undone: each call deletes a limited number of users.
func (h *handler) undoAll(ctx context.Context, caller *account.Principal, id int64) (i account.Import, err error) {
	for err == nil && i.State != account.ImportUndone {
		i, err = h.service.UndoImport(ctx, caller, id)
	}
	return i, err
}

// importUsers converts rows to the type that package service accepts.
func importUsers(rows []userfile.Row) []account.ImportUser {
	users := make([]account.ImportUser, len(rows))
	for i := range rows {
		r := &rows[i]
		users[i] = account.ImportUser{
			Email:   r.Email,
			Profile: r.Profile,
			Active:  r.Active,
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

// newFaults converts the faults that package service found in rows. It skips fields that have a
// fault in known. Their values were not sent to package service, which therefore only reports them
// as missing.
func newFaults(rows []userfile.Row, known []userfile.Fault, found []account.ImportFault) (faults []userfile.Fault) {
	atFault := map[int][]string{} // the fields with a known fault, by the number of the user
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

// plan lists the changes that the import of a file will make. It is the data of
// templates/importcheck.html.
type plan struct {
	Upload   string // id of the upload; "": the file has faults and can't be imported
	Name     string
	Total    int
	Password int // active users with a password or a password hash in the file
	Invited  int
	Inactive int
	Roles    []string // the roles that every new user gets, as far as the caller may see them

	Faults         int // rows with faults
	FileFaults     []string
	MoreFileFaults bool      // the file has more faults than FileFaults shows
	Faulty         []planRow // the first rows with faults
	Good           []planRow // the first rows without faults
	MoreFaulty     int       // number of rows that are not in Faulty
	MoreGood       int
}

// planRow shows one row of the file: the user that the import will create, or the faults of the
// row.
type planRow struct {
	Line                    int
	Email, Name, Department string
	Does                    locale.Phrase
	Faults                  []rowFault
	More                    bool // the row has more faults than Faults shows
}

type rowFault struct{ Field, Text string }

// newPlan returns the plan for importing rows. faults are those of the rows and of the file.
func (h *handler) newPlan(q *page.Request, name string, rows []userfile.Row, faults []userfile.Fault) (*plan, error) {
	p := &plan{Name: name, Total: len(rows)}
	byUser := map[int][]rowFault{}
	for _, f := range faults {
		text := q.TrDetail(f.Message)
		if f.User == 0 {
			p.FileFaults = append(p.FileFaults, q.Tr("Line %s:", strconv.Itoa(f.Line))+" "+text)
			continue
		}
		byUser[f.User] = append(byUser[f.User], rowFault{f.Field, text})
	}
	p.FileFaults, p.MoreFileFaults = firstOf(p.FileFaults)
	p.Faults = len(byUser)
	for i := range rows {
		p.add(&rows[i], byUser[rows[i].User])
	}
	if !q.May(access.ActionRead, access.EntityRole) {
		return p, nil
	}
	roles, err := h.service.DefaultRoles(q.Context(), q.Caller)
	for _, r := range roles {
		p.Roles = append(p.Roles, r.Name)
	}
	return p, err
}

// firstOf returns the first maxShownFaults faults, and whether there are more.
func firstOf[T any](faults []T) (shown []T, more bool) {
	return faults[:min(len(faults), maxShownFaults)], len(faults) > maxShownFaults
}

// add counts a row. It also adds the row to Faulty or Good, unless that list is full.
func (p *plan) add(r *userfile.Row, faults []rowFault) {
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
	case faults != nil && len(p.Faulty) < maxShownFaulty:
		p.Faulty = append(p.Faulty, shown)
	case faults != nil:
		p.MoreFaulty++
	case len(p.Good) < maxShownGood:
		p.Good = append(p.Good, shown)
	default:
		p.MoreGood++
	}
}
