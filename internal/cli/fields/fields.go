// Package fields sets and shows the fields of a struct by their JSON names. Assign sets them from NAME=VALUE arguments
// on the command line, and Table shows them. Of returns the settable fields of a struct, so a field of a common type
// needs no code of its own.
package fields

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

// Of returns the settable fields of update, which points to a struct. The type of a field determines the syntax of its
// value. A Field in special replaces the Field of the same name. order has the names of the fields that come first. Of
// panics if a field has a type without a known syntax.
func Of(update any, order []string, special ...Field) []Field {
	named := namedFields(reflect.ValueOf(update).Elem(), order)
	list := make([]Field, len(named))
	for n, f := range named {
		if i := slices.IndexFunc(special, func(s Field) bool { return s.name == f.name }); i >= 0 {
			list[n] = special[i]
		} else {
			list[n] = byType(f.name, f.value.Addr().Interface())
		}
	}
	return list
}

// byType returns the Field that sets *target. The type of target determines the syntax.
func byType(name string, target any) Field {
	switch to := target.(type) {
	case **string:
		return Text(name, to)
	case *client.Change[string]:
		return ClearableText(name, to)
	case **int:
		return Number(name, to)
	case *client.Change[int]:
		return ClearableNumber(name, to)
	case **bool:
		return Bool(name, to)
	case *[]int64:
		return IDs(name, to)
	case *client.Change[[]client.AllowedGroup]:
		return Groups(name, to)
	}
	panic(fmt.Sprintf("fields: no syntax for %s, a %T", name, target))
}

// Names returns the JSON names of the fields of v, which is a struct.
func Names(v any) []string {
	var names []string
	for _, f := range namedFields(reflect.ValueOf(v), nil) {
		names = append(names, f.name)
	}
	return names
}

// namedField is a field of a struct with its JSON name.
type namedField struct {
	name  string
	value reflect.Value
}

// namedFields returns the fields of a struct, including those of embedded structs. order has the names of the fields
// that come first. The others follow as they are declared.
func namedFields(v reflect.Value, order []string) []namedField {
	var list []namedField
	for _, f := range reflect.VisibleFields(v.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous && name != "" && name != "-" {
			list = append(list, namedField{name: name, value: v.FieldByIndex(f.Index)})
		}
	}
	position := func(f namedField) int {
		if i := slices.Index(order, f.name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(list, func(a, b namedField) int { return position(a) - position(b) })
	return list
}
