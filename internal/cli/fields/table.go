package fields

import (
	"fmt"
	"reflect"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// Table returns a table with the names and values of the fields of v, which is a struct. order has the names of the
// fields that come first. texts maps a field name to texts that replace the value: the field gets one row for each
// text, or none if there are no texts.
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

// cell returns a value as text for a table cell. A missing value is shown as "-".
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
