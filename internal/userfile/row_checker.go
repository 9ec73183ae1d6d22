package userfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// rowChecker validates a row by the server's rules and clears the invalid fields. The server
// later validates the row again, and also checks what needs the database, such as a duplicate
// address.
type rowChecker struct {
	row    *Row
	faults []Fault
}

// checkRow validates the row by the server's rules. It returns the given faults, which the
// format reader found, and its own faults, at most one for each field. It validates nothing if
// the reader could not fill the row: if a fault concerns the whole row, and name and email are
// empty.
func checkRow(row *Row, faults []Fault) []Fault {
	c := &rowChecker{row: row, faults: faults}
	if c.failed("") && row.Name == "" && row.Email == "" {
		return faults
	}
	if strings.TrimSpace(row.Name) == "" {
		c.fail("name", "is needed")
	}
	for _, column := range columns {
		switch {
		case column.maxLength == 0: // validated below
		case column.text != nil:
			c.text(column.name, column.text(row), column.maxLength)
		default:
			c.optional(column.name, column.optional(row), column.maxLength)
		}
	}
	c.email()
	c.password()
	return c.faults
}

// failed reports whether the field already has a fault.
func (c *rowChecker) failed(field string) bool {
	for _, f := range c.faults {
		if f.Field == field {
			return true
		}
	}
	return false
}

// fail adds a fault of the field, unless the field already has one.
func (c *rowChecker) fail(field, message string) {
	if !c.failed(field) {
		c.faults = append(c.faults, c.row.fault(field, message))
	}
}

// text validates a required text field and clears it if it is invalid.
func (c *rowChecker) text(field string, text *string, maxLength int) {
	if fault := textFault(*text, maxLength); fault != "" {
		c.fail(field, fault)
		*text = ""
	}
}

// optional validates an optional text field and clears it if it is invalid.
func (c *rowChecker) optional(field string, text **string, maxLength int) {
	if *text == nil {
		return
	}
	if fault := textFault(**text, maxLength); fault != "" {
		c.fail(field, fault)
		*text = nil
	}
}

// textFault returns a message that says why text is invalid, or "" if it is valid. maxLength is
// in characters.
func textFault(text string, maxLength int) string {
	switch {
	case !utf8.ValidString(text):
		return "is not UTF-8"
	case strings.ContainsRune(text, 0):
		return "has a NUL character"
	case utf8.RuneCountInString(text) > maxLength:
		return fmt.Sprintf("has more than %d characters", maxLength)
	}
	return ""
}

// email validates the address and clears it if it is invalid.
func (c *rowChecker) email() {
	if c.row.Email == "" {
		c.fail("email", "is needed")
		return
	}
	if _, ok := account.ParseNewEmail(c.row.Email); !ok {
		c.fail("email", "is not an e-mail address")
		c.row.Email = ""
	}
}

// password validates the password or the password hash, and clears it if it is invalid. A row
// with both has a fault, and password clears the hash.
func (c *rowChecker) password() {
	password, hash := c.row.Password.Reveal(), c.row.PasswordHash.Reveal()
	if password != "" && hash != "" {
		c.fail(passwordHashColumn, "must be empty where there is a password")
		c.row.PasswordHash = secret.Text{}
		hash = ""
	}
	if password != "" {
		fault := textFault(password, len(password))
		if fault == "" {
			fault = account.CheckNewPassword(c.row.Password)
		}
		if fault != "" {
			c.fail(passwordColumn, fault)
			c.row.Password = secret.Text{}
		}
	}
	if hash != "" && passhash.Check(hash) != nil {
		c.fail(passwordHashColumn, account.PasswordHashRule)
		c.row.PasswordHash = secret.Text{}
	}
}
