package fields

import (
	"fmt"
	"reflect"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// Table returns a table of the names and values of the fields of v, a struct. The fields that order names come first.
// texts replaces the value of a field by a row for each text; a field that has no texts there is left out.
func Table(v any, order []string, texts map[string][]string) command.Table {
	var t command.Table
	for _, f := range namedFields(reflect.ValueOf(v), order) {
		cells, special := texts[f.name]
		if !special {
			cells = []string{cell(f.value)}
		}
		for _, text := range cells {
			t.Rows = append(t.Rows, []string{f.name, text})
		}
	}
	return t
}

// cell returns the table cell of a value: "-" for none.
func cell(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case *string:
		return command.OrDash(value)
	case bool:
		return command.YesNo(value)
	case []int64:
		return command.IDList(value)
	}
	if v.Kind() != reflect.Pointer {
		return fmt.Sprint(v.Interface())
	}
	if v.IsNil() {
		return "-"
	}
	return cell(v.Elem())
}
