// Package userfile reads and writes files of users, as CSV or JSON: what an
// operator imports, and what an export is made of.
//
// Both forms have the same columns, in any order: name, email and password, which
// are needed, and surname, department, biography and active, which are not. CSV has
// a header line with these names and commas between the values; JSON is an array of objects. A
// file is UTF-8.
//
// An export has all columns but the password. In CSV, a spreadsheet takes a value
// that begins with "=" and the like for a formula, and runs it. So [Writer] puts a
// single quote before such a value, as spreadsheets have it for text, and [Read]
// takes it away again, from all columns but the password: a password is never
// altered.
//
// The package imports account, for its rules, and secret; it knows neither HTTP nor the terminal.
package userfile
