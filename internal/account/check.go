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
type checker struct{ details []Detail }

func (c *checker) fail(path, message string) { c.details = append(c.details, Detail{path, message}) }

func (c *checker) err() error {
	if len(c.details) == 0 {
		return nil
	}
	return Invalid(c.details...)
}

func (c *checker) text(path, value string, maxLength int) {
	switch {
	case !utf8.ValidString(value):
		c.fail(path, "must be valid UTF-8")
	case strings.ContainsRune(value, 0):
		c.fail(path, "must not have NUL characters")
	case utf8.RuneCountInString(value) > maxLength:
		c.fail(path, fmt.Sprintf("must be at most %d characters long", maxLength))
	}
}

func (c *checker) optional(path string, value *string, maxLength int) {
	if value != nil {
		c.text(path, *value, maxLength)
	}
}

func (c *checker) name(path, value string) {
	if strings.TrimSpace(value) == "" {
		c.fail(path, "must not be empty or white space alone")
		return
	}
	c.text(path, value, MaxNameLength)
}

// line checks a text of at most MaxNameLength characters that is shown or sent in
// one line.
func (c *checker) singleLine(path, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		c.fail(path, "must be one line of text")
		return
	}
	c.text(path, value, MaxNameLength)
}

// whole checks a number that an update has.
func (c *checker) intRange(path string, value *int, least, most int) {
	if value != nil && (*value < least || *value > most) {
		c.fail(path, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

// few checks how many things a list has.
func (c *checker) maxItems(path string, count, most int) {
	if count > most {
		c.fail(path, fmt.Sprintf("must have at most %d entries", most))
	}
}

// span checks a time that an update has, and reports whether it is within the limits,
// which are told in words.
func (c *checker) durationRange(path string, value *time.Duration, least, most time.Duration, limits string) bool {
	within := value == nil || *value >= least && *value <= most
	if !within {
		c.fail(path, "must be "+limits)
	}
	return within
}

func (c *checker) email(path, value string) EmailKey {
	key, ok := ParseEmail(value)
	if !ok {
		c.fail(path, "must be an e-mail address")
	}
	return key
}

func (c *checker) picture(path string, value []byte) {
	if len(value) > MaxPictureBytes {
		c.fail(path, fmt.Sprintf("must have at most %d bytes", MaxPictureBytes))
	}
}

func (c *checker) newPassword(path string, value secret.Text) {
	if fault := CheckNewPassword(value); fault != "" {
		c.fail(path, fault)
	}
}

// newUser checks one user to be created and returns its address's key.
func (c *checker) newUser(path string, u NewUser) EmailKey {
	c.name(path+"/name", u.Name)
	key := c.email(path+"/email", u.Email)
	switch {
	case !u.Invite:
		c.newPassword(path+"/password", u.Password)
	case !u.Password.Empty():
		c.fail(path+"/password", "must be absent for who is invited to choose one")
	case !u.Active:
		c.fail(path+"/active", "must be true for who is invited")
	}
	c.optional(path+"/surname", u.Surname, MaxNameLength)
	c.optional(path+"/department", u.Department, MaxNameLength)
	c.optional(path+"/biography", u.Biography, MaxBiographyLength)
	c.picture(path+"/picture", u.Picture)
	return key
}
