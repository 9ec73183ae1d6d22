// Package profile has the fields of a user for the command line: as flags, in tables, and in the rows of files. To add
// a text field, change this package; the commands stay as they are.
package profile

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/command"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

// The columns of a file of users, for help texts.
const (
	ExportColumns   = "name, surname, email, department, biography and active"
	OptionalColumns = "surname, department, biography"
)

// Texts has the optional texts of a user; nil means not given. It defines flags of `usher users create`.
type Texts struct {
	Surname    *string `env:"-" placeholder:"TEXT" help:"Family name."`
	Department *string `env:"-" placeholder:"TEXT" help:"Part of the organisation."`
	Biography  *string `env:"-" placeholder:"TEXT" help:"Free text."`
}

// Changes has the flags of `usher users update` that set and clear the optional fields of a user.
type Changes struct {
	Texts
	Clear []string `env:"-" enum:"surname,department,biography,picture" placeholder:"FIELD" help:"Clear these fields: ${enum}."`
}

// named is an optional text with the name of its flag and of its column.
type named struct {
	name string
	text *string
}

func (t Texts) list() []named {
	return []named{{"surname", t.Surname}, {"department", t.Department}, {"biography", t.Biography}}
}

// given returns the texts that were given.
func (t Texts) given() []named {
	return slices.DeleteFunc(t.list(), func(n named) bool { return n.text == nil })
}

// SetInNewUser copies the texts to a user who is to be created.
func (t Texts) SetInNewUser(u *client.NewUser) {
	u.Surname = t.Surname
	u.Department = t.Department
	u.Biography = t.Biography
}

// HasChanges reports whether any field is set or cleared.
func (c Changes) HasChanges() bool { return len(c.given()) > 0 || len(c.Clear) > 0 }

// CheckConflicts fails if a field is both set and cleared.
func (c Changes) CheckConflicts() error {
	for _, name := range c.Clear {
		if slices.ContainsFunc(c.given(), func(n named) bool { return n.name == name }) {
			return fmt.Errorf("--%s and --clear %s are both given", name, name)
		}
	}
	return nil
}

// SetInUpdate copies the changes to an update. The caller must have called CheckConflicts.
func (c Changes) SetInUpdate(update *client.UserUpdate) {
	targets := map[string]*client.Change[string]{
		"surname":    &update.Surname,
		"department": &update.Department,
		"biography":  &update.Biography,
	}
	for _, n := range c.given() {
		*targets[n.name] = client.Set(*n.text)
	}
	for _, name := range c.Clear {
		if target, isText := targets[name]; isText {
			*target = client.Clear[string]()
		} else {
			update.Picture = client.Clear[client.Picture]()
		}
	}
}

// ExportRow returns the row for a user in an exported file.
func ExportRow(u client.User) userfile.Row {
	return userfile.Row{
		Profile: account.Profile{Name: u.Name, Surname: u.Surname, Department: u.Department, Biography: u.Biography},
		Email:   u.Email,
		Active:  u.Active,
	}
}

// ImportUser converts a row of a file to a user to be imported.
func ImportUser(row userfile.Row) client.ImportUser {
	u := client.ImportUser{
		Name:       row.Name,
		Email:      row.Email,
		Surname:    row.Surname,
		Department: row.Department,
		Biography:  row.Biography,
		Active:     row.Active,
	}
	if password := row.Password.Reveal(); password != "" {
		u.Password = &password
	}
	if hash := row.PasswordHash.Reveal(); hash != "" {
		u.PasswordHash = &hash
	}
	return u
}

// RowSize returns the total size of the texts in a row, in bytes.
func RowSize(row userfile.Row) int {
	return row.Profile.Size() + len(row.Email) + len(row.Password.Reveal()) + len(row.PasswordHash.Reveal())
}

// Table returns a table with the fields of one user.
func Table(u client.User) command.Table {
	return command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(u.ID, 10)},
		{"name", u.Name},
		{"surname", command.OrDash(u.Surname)},
		{"e-mail", u.Email},
		{"department", command.OrDash(u.Department)},
		{"biography", command.OrDash(u.Biography)},
		{"active", command.YesNo(u.Active)},
		{"locked", command.YesNo(u.LockedOut)},
		{"roles", command.IDList(u.RoleIDs)},
		{"signed in by", string(u.Provider)},
	}}
}

// ListTable returns a table of users, with one row for each user.
func ListTable(users []client.User) command.Table {
	t := command.Table{Header: []string{"ID", "NAME", "E-MAIL", "ACTIVE", "LOCKED", "ROLES", "DEPARTMENT"}}
	for _, u := range users {
		t.Rows = append(t.Rows, []string{
			strconv.FormatInt(u.ID, 10),
			FullName(u.Name, u.Surname),
			u.Email,
			command.YesNo(u.Active),
			command.YesNo(u.LockedOut),
			command.IDList(u.RoleIDs),
			command.OrDash(u.Department),
		})
	}
	return t
}

// CallerTable returns a table with the fields of the caller, except for their roles.
func CallerTable(me client.Whoami) command.Table {
	return command.Table{Rows: [][]string{
		{"id", strconv.FormatInt(me.ID, 10)},
		{"name", FullName(me.Name, me.Surname)},
		{"e-mail", me.Email},
		{"signed in by", string(me.Provider)},
		{"department", command.OrDash(me.Department)},
	}}
}

// FullName returns the name followed by the surname, if there is one.
func FullName(name string, surname *string) string {
	if surname == nil || *surname == "" {
		return name
	}
	return name + " " + *surname
}
