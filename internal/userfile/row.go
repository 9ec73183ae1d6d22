package userfile

import (
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Format is the form of a file.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Row is one user of a file.
type Row struct {
	Line         int // where it begins in the file, from 1
	User         int // which user of the file it is, from 1
	Name         string
	Email        string
	Password     secret.Text // empty: none, likewise the hash
	PasswordHash secret.Text
	Surname      *string // nil: none, likewise below; in CSV an empty value
	Department   *string
	Biography    *string
	Active       bool
}

// fault is a fault of the row.
func (r *Row) fault(field, message string) Fault {
	return Fault{Line: r.Line, User: r.User, Field: field, Message: message}
}

// Fault is something in a file that has to be mended first.
type Fault struct {
	Line    int    // in the file, from 1
	User    int    // which user of the file, from 1; 0 where it is none
	Field   string // the column; "" for the user or the file as a whole
	Message string // what is wrong; never repeats a value
}

// column is one column of a file: how its text gets into a row and out of it.
type column struct {
	name   string
	needed bool
	secret bool // never altered, never exported
	set    func(row *Row, text string)
	get    func(row *Row) string // nil: not exported
}

// columns are in the order of an export. The column active is no text, so reading
// it is left to the formats.
var columns = []column{
	{name: "name", needed: true, set: func(r *Row, s string) { r.Name = s }, get: func(r *Row) string { return r.Name }},
	{name: "surname", set: func(r *Row, s string) { r.Surname = &s }, get: func(r *Row) string { return optional(r.Surname) }},
	{name: "email", needed: true, set: func(r *Row, s string) { r.Email = s }, get: func(r *Row) string { return r.Email }},
	{name: passwordColumn, secret: true, set: func(r *Row, s string) { r.Password = secret.New(s) }},
	{name: hashColumn, secret: true, set: func(r *Row, s string) { r.PasswordHash = secret.New(s) }},
	{name: "department", set: func(r *Row, s string) { r.Department = &s }, get: func(r *Row) string { return optional(r.Department) }},
	{name: "biography", set: func(r *Row, s string) { r.Biography = &s }, get: func(r *Row) string { return optional(r.Biography) }},
	{name: activeColumn, get: func(r *Row) string { return strconv.FormatBool(r.Active) }},
}

const (
	activeColumn   = "active"
	passwordColumn = "password"
	hashColumn     = "password_hash"
)

func columnNamed(name string) (column, bool) {
	for _, c := range columns {
		if c.name == name {
			return c, true
		}
	}
	return column{}, false
}

func columnNames() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

func optional(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
