package userfile

import (
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Format is a file format: [CSV] or [JSON].
type Format string

// The supported formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Row is one user of a file.
type Row struct {
	Line            int // line of the file where the user begins, from 1
	User            int // number of the user in the file, from 1
	Email           string
	Password        secret.Text // empty if there is none
	PasswordHash    secret.Text // empty if there is none
	Active          bool
	account.Profile // Picture is not set; an empty CSV value is nil
}

// fault returns a fault of the row. field is the column, or "" if the fault concerns the
// whole row.
func (r *Row) fault(field, message string) Fault {
	return Fault{Line: r.Line, User: r.User, Field: field, Message: message}
}

// Fault is an error in a file that a person must correct before the import.
type Fault struct {
	Line    int    // line of the file, from 1
	User    int    // number of the user in the file, from 1; 0 for the file as a whole
	Field   string // column; "" for the user or the file as a whole
	Message string // what is wrong; it never contains a value of the file
}

// column describes a column of a file. One of the functions text, optional and secret
// returns the address of its field in a row. The column active has none of them, because
// its field is a boolean.
type column struct {
	name      string
	required  bool
	maxLength int // in characters; 0: this table sets no limit
	text      func(row *Row) *string
	optional  func(row *Row) **string
	secret    func(row *Row) *secret.Text // not exported; the reader removes no quote from these values
}

// columns lists all columns, in the order of an export.
var columns = []column{
	{name: "name", required: true, maxLength: account.MaxNameLength, text: func(r *Row) *string { return &r.Name }},
	{name: "surname", maxLength: account.MaxNameLength, optional: func(r *Row) **string { return &r.Surname }},
	{name: "email", required: true, text: func(r *Row) *string { return &r.Email }},
	{name: passwordColumn, secret: func(r *Row) *secret.Text { return &r.Password }},
	{name: passwordHashColumn, secret: func(r *Row) *secret.Text { return &r.PasswordHash }},
	{name: "department", maxLength: account.MaxNameLength, optional: func(r *Row) **string { return &r.Department }},
	{name: "biography", maxLength: account.MaxBiographyLength, optional: func(r *Row) **string { return &r.Biography }},
	{name: activeColumn},
}

// Column describes a column for a person who writes a file.
type Column struct {
	Name     string
	Required bool
}

// Columns returns the exported columns in their order, then the columns that are only
// imported.
func Columns() []Column {
	var exported, secrets []Column
	for _, c := range columns {
		described := Column{Name: c.name, Required: c.required}
		if c.secret == nil {
			exported = append(exported, described)
		} else {
			secrets = append(secrets, described)
		}
	}
	return slices.Concat(exported, secrets)
}

// set sets the column's field of the row to a text from a file.
func (c column) set(row *Row, text string) {
	switch {
	case c.text != nil:
		*c.text(row) = text
	case c.optional != nil:
		*c.optional(row) = &text
	case c.secret != nil:
		*c.secret(row) = secret.New(text)
	}
}

// get returns the column's value for an export: a string, a boolean, or nil if the value is
// absent.
func (c column) get(row *Row) any {
	switch {
	case c.text != nil:
		return *c.text(row)
	case c.optional != nil:
		return account.ValueOrNil(*c.optional(row))
	}
	return row.Active
}

const (
	activeColumn       = "active"
	passwordColumn     = "password"
	passwordHashColumn = "password_hash"
)

// findColumn returns the column with the name; ok is false if there is none.
func findColumn(name string) (c column, ok bool) {
	for _, c := range columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

// columnNames returns the names of all columns, separated by commas, for error messages.
func columnNames() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}
