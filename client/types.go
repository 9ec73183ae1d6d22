package client

import (
	"encoding/json"
	"fmt"
)

// The types of the contract's schemas are in types.gen.go. codegen/overlay.yaml says where they differ from the
// contract.

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../api/openapi.yaml
//go:generate sed -E -i -f codegen/comments.sed types.gen.go

// Change is the change of a field that may be empty. Its zero value leaves the field
// alone; [Set] and [Clear] return the others.
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

// Picture is the bytes of a picture, at most 65,536; nil for none. In JSON it is an
// array of numbers.
type Picture []byte

// MarshalJSON writes the bytes as numbers, or null.
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
