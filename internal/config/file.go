package config

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// file is a kong.Resolver of a settings file: a JSON object whose names are those of the flags. Flags on the command
// line and variables take precedence.
type file struct{ values map[string]any }

// LoadFile reads a settings file. It is the kong.ConfigurationLoader of the flag --config.
func LoadFile(r io.Reader) (kong.Resolver, error) {
	var f file
	decoder := json.NewDecoder(r)
	decoder.UseNumber()
	if err := decoder.Decode(&f.values); err != nil {
		return nil, fmt.Errorf("the settings file is not a JSON object: %w", err)
	}
	return f, nil
}

// Validate refuses names that are not settings of `usher serve`, and reports them all: a setting that is silently
// ignored may be one that the operator relies on for security.
func (f file) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Children {
		if command.Name != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			known[flag.Name] = true
		}
	}
	var unknown []string
	for name := range f.values {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("the settings file has names that are no setting: %s", strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve returns the value of a flag, or nil if the file lacks it or a variable is set for it.
func (f file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, ok := f.values[flag.Name]
	if !ok || slices.ContainsFunc(flag.Envs, func(name string) bool { _, set := os.LookupEnv(name); return set }) {
		return nil, nil
	}
	if list, ok := value.([]any); ok {
		texts := make([]string, len(list))
		for i, item := range list {
			texts[i] = fmt.Sprint(item)
		}
		return strings.Join(texts, ","), nil
	}
	return fmt.Sprint(value), nil
}
