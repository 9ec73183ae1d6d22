// Package userfile reads and writes files of users, as CSV or JSON: what an
// operator imports, and what an export is made of.
//
// Both forms have the same columns, in any order: name and email, which are needed,
// and surname, department, biography, active, password and password_hash, which are
// not. A user has a password, the hash of one from another system, or neither. CSV
// has a header line with these names and commas between the values; JSON is an array
// of objects. A file is UTF-8, of any length.
//
// An export has all columns but the last two. In CSV, a spreadsheet takes a value
// that begins with "=" and the like for a formula, and runs it. So [Writer] puts a
// single quote before such a value, as spreadsheets have it for text, and [Reader]
// takes it away again, from all columns but those two: a password is never altered.
//
// The package imports account and passhash, for their rules, and secret; it knows
// neither HTTP nor the terminal.
package userfile
