package userfile

import (
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Format is a file format.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Row is one user of a file.
type Row struct {
	Line            int // line of the file where the user begins, from 1
	User            int // position among the users of the file, from 1
	Email           string
	Password        secret.Text // empty if there is none
	PasswordHash    secret.Text // empty if there is none
	Active          bool
	account.Profile // without a picture; nil for an empty value in CSV
}

// fault returns a fault of the row. field is "" for the row as a whole.
func (r *Row) fault(field, message string) Fault {
	return Fault{Line: r.Line, User: r.User, Field: field, Message: message}
}

// Fault is an error in a file that must be corrected before an import.
type Fault struct {
	Line    int    // line of the file, from 1
	User    int    // position of the user in the file, from 1; 0 for the file as a whole
	Field   string // column; "" for the user or the file as a whole
	Message string // description, which never contains a value of the file
}

// column is a column of a file. One of text, optional and secret finds its value in a row,
// except for the column active, which is a boolean.
type column struct {
	name      string
	required  bool
	maxLength int // characters; 0: not limited here
	text      func(row *Row) *string
	optional  func(row *Row) **string
	secret    func(row *Row) *secret.Text // read without removing a quote, and not exported
}

// columns lists the columns in the order of an export.
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

// Column describes a column to a person who prepares a file.
type Column struct {
	Name     string
	Required bool
}

// Columns returns the columns in the order of an export, then those that an export lacks.
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

// set stores a text of the file in the row.
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

// get returns the exported value: a text, nil for an absent one, or a boolean.
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

// columnNames returns the names of all columns for messages, separated by commas.
func columnNames() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}
