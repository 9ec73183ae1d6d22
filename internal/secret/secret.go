// Package secret is a string type for passwords, tokens and keys. A [Text] that is printed,
// logged or marshalled by mistake shows a mask instead of its value. Only [Text.Reveal]
// returns the value, so a search for that name finds every use.
//
// Import rule: the package imports only the standard library.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask replaces the value of a secret in all output.
const Mask = "********"

// Text is a secret string. The zero value is the empty string. Compare with [Text.Equal]:
// the operator == compares pointers.
type Text struct {
	// A pointer, because fmt prints unexported fields of a struct without calling their
	// Format method. Of a nested pointer it prints only the address.
	value *string
}

// New returns value as a secret. The caller must not keep value in other variables.
func New(value string) Text { return Text{&value} }

// Reveal returns the value.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether the value is the empty string.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal reports whether both values are equal. Its time depends only on their lengths.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns the mask.
func (t Text) String() string { return Mask }

// Format writes the mask for every verb, including %#v and %x, for which fmt does not call
// String.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// LogValue makes slog write the mask.
func (t Text) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalText makes JSON and other text encodings write the mask.
func (t Text) MarshalText() ([]byte, error) { return []byte(Mask), nil }
