package fields

import (
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/command"
)

// Field is a setting that an argument NAME=VALUE can change.
type Field struct {
	name  string
	set   func(value string) error
	clear func() // called for NAME= (no value); if nil, set("") is called instead
}

// Assign sets fields to the values in pairs, which are arguments NAME=VALUE. It stops at the first invalid pair and
// returns a usage error.
func Assign(pairs []string, fields ...Field) error {
	given := map[string]bool{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		i := slices.IndexFunc(fields, func(f Field) bool { return f.name == name })
		switch {
		case !ok:
			return withNames(command.UsageErrorf("%q is not NAME=VALUE", pair), fields)
		case i < 0:
			return withNames(command.UsageErrorf("there is no setting %q", name), fields)
		case given[name]:
			return command.UsageErrorf("%s is given twice", name)
		}
		given[name] = true
		if value == "" && fields[i].clear != nil {
			fields[i].clear()
			continue
		}
		if err := fields[i].set(value); err != nil {
			return command.UsageErrorf("%s %w", name, err)
		}
	}
	return nil
}

// withNames adds to err a hint that lists the names of all fields.
func withNames(err error, fields []Field) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return command.WithHint(err, "the settings are %s", strings.Join(names, ", "))
}

// Count returns how many of the pairs NAME=VALUE name one of the fields.
func Count(fields []Field, pairs []string) int {
	n := 0
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if slices.ContainsFunc(fields, func(f Field) bool { return f.name == name }) {
			n++
		}
	}
	return n
}
