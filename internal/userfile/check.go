package userfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/userimport"
)

// rowCheck applies the server's rules to a row, and empties the fields that break
// them. The server applies them again, with those that need more than the row.
type rowCheck struct {
	row    *Row
	faults []Fault
}

// checkRow returns all faults of a row: those given, which its format has, and what
// the rules find, the first of each field. A row that is at fault as a whole is not
// looked at.
func checkRow(row *Row, faults []Fault) []Fault {
	c := &rowCheck{row: row, faults: faults}
	if c.failed("") && row.Name == "" && row.Email == "" {
		return faults
	}
	if strings.TrimSpace(row.Name) == "" {
		c.fail("name", "is needed")
	}
	c.text("name", &row.Name, account.MaxNameLength)
	c.optional("surname", &row.Surname, account.MaxNameLength)
	c.optional("department", &row.Department, account.MaxNameLength)
	c.optional("biography", &row.Biography, account.MaxBiographyLength)
	c.email()
	c.password()
	return c.faults
}

// failed reports whether a field has a fault already.
func (c *rowCheck) failed(field string) bool {
	for _, f := range c.faults {
		if f.Field == field {
			return true
		}
	}
	return false
}

func (c *rowCheck) fail(field, message string) {
	if !c.failed(field) {
		c.faults = append(c.faults, c.row.fault(field, message))
	}
}

// text checks a text, and empties it if it must not be sent.
func (c *rowCheck) text(field string, text *string, maxLength int) {
	if fault := textFault(*text, maxLength); fault != "" {
		c.fail(field, fault)
		*text = ""
	}
}

func (c *rowCheck) optional(field string, text **string, maxLength int) {
	if *text == nil {
		return
	}
	if fault := textFault(**text, maxLength); fault != "" {
		c.fail(field, fault)
		*text = nil
	}
}

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

func (c *rowCheck) email() {
	if c.row.Email == "" {
		c.fail("email", "is needed")
		return
	}
	if _, ok := account.ParseEmail(c.row.Email); !ok {
		c.fail("email", "is not an e-mail address")
		c.row.Email = ""
	}
}

func (c *rowCheck) password() {
	password, hash := c.row.Password.Reveal(), c.row.PasswordHash.Reveal()
	if password != "" && hash != "" {
		c.fail(hashColumn, "must be empty where there is a password")
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
		c.fail(hashColumn, userimport.PasswordHashRule)
		c.row.PasswordHash = secret.Text{}
	}
}
