// Package userfile reads and writes files of users as CSV or JSON: the input of an import
// and the output of an export.
//
// # Format
//
// A file is UTF-8 text of any length. Both formats have the same columns, in any order:
//
//   - name and email are required;
//   - the others, which columns lists, are optional. A user has a password, a password hash
//     from another system, or neither.
//
// A CSV file has a header line with these names, and commas between the values. A JSON file
// is an array of objects. An export has all columns except password and password_hash.
//
// # CSV injection
//
// A spreadsheet evaluates a CSV value that starts with "=" or a similar character as a
// formula. So [Writer] puts a single quote before such a value, which spreadsheets treat as
// the mark of plain text, and [Reader] removes it. The columns password and password_hash
// are read without this change, so a password is never altered.
//
// Import rule: the package imports account and passhash, for their validation rules,
// secret, a JSON library and the standard library. It uses neither HTTP nor the terminal.
package userfile
