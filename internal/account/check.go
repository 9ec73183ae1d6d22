package account

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// checker collects what is wrong with an input.
type Checker struct{ Details []Detail }

func (c *Checker) Fail(path, message string) { c.Details = append(c.Details, Detail{path, message}) }

func (c *Checker) Err() error {
	if len(c.Details) == 0 {
		return nil
	}
	return Invalid(c.Details...)
}

func (c *Checker) Text(path, value string, maxLength int) {
	switch {
	case !utf8.ValidString(value):
		c.Fail(path, "must be valid UTF-8")
	case strings.ContainsRune(value, 0):
		c.Fail(path, "must not have NUL characters")
	case utf8.RuneCountInString(value) > maxLength:
		c.Fail(path, fmt.Sprintf("must be at most %d characters long", maxLength))
	}
}

func (c *Checker) Optional(path string, value *string, maxLength int) {
	if value != nil {
		c.Text(path, *value, maxLength)
	}
}

func (c *Checker) Name(path, value string) {
	if strings.TrimSpace(value) == "" {
		c.Fail(path, "must not be empty or white space alone")
		return
	}
	c.Text(path, value, MaxNameLength)
}

// line checks a text of at most MaxNameLength characters that is shown or sent in
// one line.
func (c *Checker) SingleLine(path, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		c.Fail(path, "must be one line of text")
		return
	}
	c.Text(path, value, MaxNameLength)
}

// whole checks a number that an update has.
func (c *Checker) IntRange(path string, value *int, least, most int) {
	if value != nil && (*value < least || *value > most) {
		c.Fail(path, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

// few checks how many things a list has.
func (c *Checker) MaxItems(path string, count, most int) {
	if count > most {
		c.Fail(path, fmt.Sprintf("must have at most %d entries", most))
	}
}

// span checks a time that an update has, and reports whether it is within the limits,
// which are told in words.
func (c *Checker) DurationRange(path string, value *time.Duration, least, most time.Duration, limits string) bool {
	within := value == nil || *value >= least && *value <= most
	if !within {
		c.Fail(path, "must be "+limits)
	}
	return within
}

func (c *Checker) Email(path, value string) EmailKey {
	key, ok := ParseEmail(value)
	if !ok {
		c.Fail(path, "must be an e-mail address")
	}
	return key
}

func (c *Checker) picture(path string, value []byte) {
	if len(value) > MaxPictureBytes {
		c.Fail(path, fmt.Sprintf("must have at most %d bytes", MaxPictureBytes))
	}
}

func (c *Checker) NewPassword(path string, value secret.Text) {
	if fault := CheckNewPassword(value); fault != "" {
		c.Fail(path, fault)
	}
}

// newUser checks one user to be created and returns its address's key.
func (c *Checker) NewUser(path string, u NewUser) EmailKey {
	c.Name(path+"/name", u.Name)
	key := c.Email(path+"/email", u.Email)
	switch {
	case !u.Invite:
		c.NewPassword(path+"/password", u.Password)
	case !u.Password.Empty():
		c.Fail(path+"/password", "must be absent for who is invited to choose one")
	case !u.Active:
		c.Fail(path+"/active", "must be true for who is invited")
	}
	c.Optional(path+"/surname", u.Surname, MaxNameLength)
	c.Optional(path+"/department", u.Department, MaxNameLength)
	c.Optional(path+"/biography", u.Biography, MaxBiographyLength)
	c.picture(path+"/picture", u.Picture)
	return key
}
