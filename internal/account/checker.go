package account

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Checker validates an input and collects its errors. The path that each method takes is the JSON
// pointer of the checked value in the input. The zero Checker is ready for use.
type Checker struct{ Details []Detail }

// Fail adds an error in the value at path.
func (c *Checker) Fail(path, message string) {
	c.Details = append(c.Details, Detail{Path: path, Message: message})
}

// Err returns an error of CodeInvalid with all collected details, or nil when there are none.
func (c *Checker) Err() error {
	if len(c.Details) == 0 {
		return nil
	}
	return Invalid(c.Details...)
}

// Text requires that value has at most maxLength characters and is valid UTF-8 without NUL.
// PostgreSQL can't store NUL.
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

// OptionalText is [Checker.Text] for a value that may be nil, which is valid.
func (c *Checker) OptionalText(path string, value *string, maxLength int) {
	if value != nil {
		c.Text(path, *value, maxLength)
	}
}

// Name requires that value is not blank and has at most MaxNameLength characters. Invisible
// characters are valid in names, where Persian and Indic scripts need them, but not alone.
func (c *Checker) Name(path, value string) {
	blank := func(r rune) bool { return unicode.IsSpace(r) || IsInvisible(r) }
	if strings.TrimFunc(value, blank) == "" {
		c.Fail(path, "must not be empty or white space alone")
		return
	}
	c.Text(path, value, MaxNameLength)
}

// SingleLine requires that value has no control characters and at most MaxNameLength characters.
func (c *Checker) SingleLine(path, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		c.Fail(path, "must be one line of text")
		return
	}
	c.Text(path, value, MaxNameLength)
}

// IntRange requires that value is nil or a number from least to most.
func (c *Checker) IntRange(path string, value *int, least, most int) {
	if value != nil && (*value < least || *value > most) {
		c.Fail(path, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

// MaxItems requires that a list, which has count items, has at most most items.
func (c *Checker) MaxItems(path string, count, most int) {
	if count > most {
		c.Fail(path, fmt.Sprintf("must have at most %d entries", most))
	}
}

// DurationRange requires that value is nil or a duration from least to most. It reports whether the
// check passed. limits describes the range in the error message, after "must be ".
func (c *Checker) DurationRange(path string, value *time.Duration, least, most time.Duration, limits string) bool {
	within := value == nil || *value >= least && *value <= most
	if !within {
		c.Fail(path, "must be "+limits)
	}
	return within
}

// Email requires that [ParseNewEmail] accepts value, and returns the address's key.
func (c *Checker) Email(path, value string) EmailKey {
	key, ok := ParseNewEmail(value)
	if !ok {
		c.Fail(path, "must be an e-mail address")
	}
	return key
}

// checkPicture requires that a picture has at most MaxPictureBytes bytes.
func (c *Checker) checkPicture(path string, value []byte) {
	if len(value) > MaxPictureBytes {
		c.Fail(path, fmt.Sprintf("must have at most %d bytes", MaxPictureBytes))
	}
}

// NewPassword requires that [CheckNewPassword] accepts value.
func (c *Checker) NewPassword(path string, value secret.Text) {
	if problem := CheckNewPassword(value); problem != "" {
		c.Fail(path, problem)
	}
}

// NewUser validates the fields of a new user and returns the key of the user's address. path is the
// JSON pointer of the user in the input.
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
	u.Profile.Validate(c, path)
	return key
}
