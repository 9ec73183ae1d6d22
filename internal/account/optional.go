package account

import "slices"

// SetIfPresent sets *field to *update unless update is nil.
func SetIfPresent[T any](field *T, update *T) {
	if update != nil {
		*field = *update
	}
}

// Deref returns *p, or the zero value when p is nil.
func Deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// NilIfZero returns a pointer to v, or nil when v is the zero value.
func NilIfZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// ValueOrNil returns *value, or an untyped nil when value is nil. It is for the values of a
// [FieldChange].
func ValueOrNil[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

// SortedUnique returns a sorted copy of ids without duplicates.
func SortedUnique(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
