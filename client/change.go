package client

import "encoding/json"

// Change is what happens to a field that may be empty. Its zero value leaves the
// field alone; [Set] and [Clear] make the others.
type Change[T any] struct {
	kind  changeKind
	value T
}

type changeKind int

const (
	keepField changeKind = iota
	setField
	clearField
)

// Set changes a field to value.
func Set[T any](value T) Change[T] { return Change[T]{kind: setField, value: value} }

// Clear empties a field: it is null from then on.
func Clear[T any]() Change[T] { return Change[T]{kind: clearField} }

// MarshalJSON writes the new value, or null for [Clear].
func (c Change[T]) MarshalJSON() ([]byte, error) {
	if c.kind != setField {
		return []byte("null"), nil
	}
	raw, err := json.Marshal(c.value)
	if string(raw) == "null" {
		return []byte("[]"), err // a nil slice is an empty list; only Clear sends null
	}
	return raw, err
}
