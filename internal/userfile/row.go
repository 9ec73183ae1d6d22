package userfile

import (
	"strconv"
	"strings"

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
	Line         int // line of the file where the user begins, from 1
	User         int // position among the users of the file, from 1
	Name         string
	Email        string
	Password     secret.Text // empty if there is none
	PasswordHash secret.Text // empty if there is none
	Surname      *string     // nil if there is none; an empty value in CSV
	Department   *string     // likewise
	Biography    *string     // likewise
	Active       bool
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

// column is a column of a file, with functions to set and get its text in a row.
type column struct {
	name     string
	required bool
	secret   bool // read without removing a quote, and not exported
	set      func(row *Row, text string)
	get      func(row *Row) string // nil if the column is not exported
}

// columns lists the columns in the order of an export. The format readers parse the column
// active themselves, since it is a boolean.
var columns = []column{
	{
		name: "name", required: true,
		set: func(r *Row, s string) { r.Name = s },
		get: func(r *Row) string { return r.Name },
	},
	{
		name: "surname",
		set:  func(r *Row, s string) { r.Surname = &s },
		get:  func(r *Row) string { return valueOrEmpty(r.Surname) },
	},
	{
		name: "email", required: true,
		set: func(r *Row, s string) { r.Email = s },
		get: func(r *Row) string { return r.Email },
	},
	{name: passwordColumn, secret: true, set: func(r *Row, s string) { r.Password = secret.New(s) }},
	{name: passwordHashColumn, secret: true, set: func(r *Row, s string) { r.PasswordHash = secret.New(s) }},
	{
		name: "department",
		set:  func(r *Row, s string) { r.Department = &s },
		get:  func(r *Row) string { return valueOrEmpty(r.Department) },
	},
	{
		name: "biography",
		set:  func(r *Row, s string) { r.Biography = &s },
		get:  func(r *Row) string { return valueOrEmpty(r.Biography) },
	},
	{name: activeColumn, get: func(r *Row) string { return strconv.FormatBool(r.Active) }},
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

// valueOrEmpty returns the string, or "" for nil.
func valueOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
