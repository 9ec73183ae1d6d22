// Package userfile reads and writes files with users as CSV or JSON. An import reads them,
// and an export writes them.
//
// # Format
//
// A file is UTF-8 text of any length. Both formats have the same columns, in any order:
//
//   - name and email are required;
//   - the others are optional, see the variable columns. A user has a password, a password hash
//     from another system, or neither.
//
// A CSV file has a header line with the names of the columns, and commas between the
// values. A JSON file is an array of objects. An export has all columns except password and
// password_hash.
//
// # CSV injection
//
// A spreadsheet evaluates a CSV value that starts with "=" or a similar character as a
// formula. So [Writer] puts a single quote before the value, and spreadsheets then treat
// the value as plain text. [Reader] removes the quote. It removes none in the columns
// password and password_hash, so it never alters a password.
package userfile
