// Package secret holds text that must not be seen: passwords, tokens, keys. A
// secret that is printed, logged or marshalled by mistake shows a mask instead
// of itself; only [Text.Reveal] gives it away, so each use can be found by name.
//
// The package imports the standard library alone.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask is what a secret looks like wherever it is shown.
const Mask = "********"

// Text is a secret text. Its zero value is an empty secret. Two are compared with
// [Text.Equal], not with ==.
type Text struct {
	// A pointer, since fmt reaches unexported fields of a struct without asking
	// Format, and prints of a pointer inside of one the address alone.
	value *string
}

// New wraps value, which must not be kept elsewhere in clear.
func New(value string) Text { return Text{&value} }

// Reveal returns the secret itself.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether there is nothing to hide.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal compares two secrets in a time that depends on their lengths alone.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns the mask, so that fmt and slog never print the secret.
func (t Text) String() string { return Mask }

// Format writes the mask for every verb, %#v and %x among them, for which fmt
// does not ask String.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// LogValue makes slog write the mask.
func (t Text) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalText makes JSON and every other text encoding write the mask.
func (t Text) MarshalText() ([]byte, error) { return []byte(Mask), nil }
