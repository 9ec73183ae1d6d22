package client

import (
	"encoding/json"
	"fmt"
)

// The types of the contract's schemas are in types.gen.go. codegen/overlay.yaml has the
// differences between the Go types and the contract.

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../api/openapi.yaml
//go:generate sed -E -i -f codegen/comments.sed types.gen.go

// Change says how an update changes a field that may be empty. The zero value leaves
// the field unchanged, [Set] gives it a value, and [Clear] empties it.
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

// Set returns a change that sets a field to value.
func Set[T any](value T) Change[T] { return Change[T]{kind: setField, value: value} }

// Clear returns a change that empties a field. The field is then null in JSON.
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

// Picture is the bytes of an image file, at most 65,536. A nil Picture means no
// picture. In JSON, a picture is an array of numbers.
type Picture []byte

// MarshalJSON writes the bytes as an array of numbers, or null for a nil Picture.
func (p Picture) MarshalJSON() ([]byte, error) {
	if p == nil {
		return []byte("null"), nil
	}
	numbers := make([]int, len(p))
	for i, b := range p {
		numbers[i] = int(b)
	}
	return json.Marshal(numbers)
}

// UnmarshalJSON reads an array of numbers from 0 to 255, or null.
func (p *Picture) UnmarshalJSON(raw []byte) error {
	var numbers []int
	if err := json.Unmarshal(raw, &numbers); err != nil {
		return err
	}
	if numbers == nil {
		*p = nil
		return nil
	}
	picture := make(Picture, len(numbers))
	for i, n := range numbers {
		if n < 0 || n > 255 {
			return fmt.Errorf("%d is not a byte", n)
		}
		picture[i] = byte(n)
	}
	*p = picture
	return nil
}
