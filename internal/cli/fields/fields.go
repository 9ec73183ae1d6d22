// Package fields sets and shows the fields of a struct by their JSON names. Assign carries out the NAME=VALUE arguments
// of a command line, and Table shows the result. A field of a common type needs no code of its own: Of finds it.
//
// The package imports client (for its optional values) and command (for usage errors and tables).
package fields

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

// Of returns the fields of an update, by the syntax of their types; update points to a struct. The fields that order
// names come first. A field in special replaces the one that its type would give. Of panics if a type has no syntax.
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

// byType returns the field for a pointer to a value.
func byType(name string, to any) Field {
	switch to := to.(type) {
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
	panic(fmt.Sprintf("fields: no syntax for %s, a %T", name, to))
}

// Names returns the names of the fields of v, a struct.
func Names(v any) []string {
	var names []string
	for _, f := range namedFields(reflect.ValueOf(v), nil) {
		names = append(names, f.name)
	}
	return names
}

// namedField is a field of a struct, with its JSON name.
type namedField struct {
	name  string
	value reflect.Value
}

// namedFields returns the fields of a struct and of the structs that it embeds: those that order names first, the
// others after them as the struct has them.
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
