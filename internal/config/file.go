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

// file resolves the flags of kong from a settings file: a JSON object with the names of the flags as keys. Flags on
// the command line and environment variables take precedence.
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

// Validate refuses names that are not settings of `usher serve`, and reports all of them. If it ignored a misspelt
// setting, a protection that the operator relies on could be missing.
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

// Resolve returns the value of a flag. It returns nil if the file does not have the flag, or if an environment
// variable for the flag is set.
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
