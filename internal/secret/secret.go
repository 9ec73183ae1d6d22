// Package secret is a string type for passwords, tokens and keys. A [Text] that is printed,
// logged or marshalled by mistake shows a mask instead of its value. Only [Text.Reveal]
// returns the value, so a search for "Reveal" finds every use.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Mask is the text that all output contains instead of a secret.
const Mask = "********"

// Text is a secret string. The zero value is the empty string. Compare two secrets with
// [Text.Equal], since == compares pointers.
type Text struct {
	// value is a pointer, so that fmt prints only an address. For a Text in an unexported field of
	// a struct, fmt does not call Format.
	value *string
}

// New returns value as a secret. The caller must not keep value in a variable of type
// string.
func New(value string) Text { return Text{&value} }

// Reveal returns the secret as a string.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Empty reports whether the secret is the empty string.
func (t Text) Empty() bool { return t.Reveal() == "" }

// Equal reports whether both secrets are equal. The duration of the comparison depends only
// on their lengths.
func (t Text) Equal(other Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// String returns the mask.
func (t Text) String() string { return Mask }

// Format writes the mask for every verb. fmt does not call String for some of them, such as
// %#v and %x.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Mask) }

// LogValue makes slog write the mask.
func (t Text) LogValue() slog.Value { return slog.StringValue(Mask) }

// MarshalText makes JSON and other text encodings write the mask.
func (t Text) MarshalText() ([]byte, error) { return []byte(Mask), nil }
