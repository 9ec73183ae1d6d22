package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

// settingField is a setting that NAME=VALUE on the command line changes.
type settingField struct {
	name  string
	set   func(value string) error
	clear func() // what NAME= does; nil: it is set to nothing like to any value
}

// assign carries out NAME=VALUE pairs. It returns the usage error of the first
// that is wrong.
func assign(pairs []string, fields ...settingField) error {
	given := map[string]bool{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		i := slices.IndexFunc(fields, func(f settingField) bool { return f.name == name })
		switch {
		case !ok || i < 0:
			names := make([]string, len(fields))
			for j, f := range fields {
				names[j] = f.name
			}
			what := usage("there is no setting %q", name)
			if !ok {
				what = usage("%q is not NAME=VALUE", pair)
			}
			return withHint(what, "the settings are %s", strings.Join(names, ", "))
		case given[name]:
			return usage("%s is given twice", name)
		}
		given[name] = true
		if value == "" && fields[i].clear != nil {
			fields[i].clear()
			continue
		}
		if err := fields[i].set(value); err != nil {
			return usage("%s %w", name, err)
		}
	}
	return nil
}

// named tells which of the pairs name a field of these.
func named(pairs []string, fields []settingField) (own, others []string) {
	for _, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		if slices.ContainsFunc(fields, func(f settingField) bool { return f.name == name }) {
			own = append(own, pair)
		} else {
			others = append(others, pair)
		}
	}
	return own, others
}

func textField(name string, to **string) settingField {
	return settingField{name: name, set: func(value string) error {
		*to = &value
		return nil
	}}
}

func clearableField(name string, to *client.Change[string]) settingField {
	return settingField{name, func(value string) error {
		*to = client.Set(value)
		return nil
	}, func() { *to = client.Clear[string]() }}
}

func numberField(name string, to **int) settingField {
	return settingField{name: name, set: func(value string) error {
		n, err := parseNumber(value)
		*to = &n
		return err
	}}
}

func clearableNumberField(name string, to *client.Change[int]) settingField {
	return settingField{name, func(value string) error {
		n, err := parseNumber(value)
		*to = client.Set(n)
		return err
	}, func() { *to = client.Clear[int]() }}
}

func parseNumber(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, errors.New("must be a number")
	}
	return n, nil
}

func truthField(name string, to **bool) settingField {
	return settingField{name: name, set: func(value string) error {
		truth, ok := map[string]bool{"true": true, "yes": true, "false": false, "no": false}[value]
		if !ok {
			return errors.New("must be true or false")
		}
		*to = &truth
		return nil
	}}
}

func idsField(name string, to *[]int64) settingField {
	return settingField{name: name, set: func(value string) error {
		*to = []int64{}
		for text := range strings.SplitSeq(value, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return errors.New("must be ids, 2,5 say")
			}
			*to = append(*to, id)
		}
		return nil
	}}
}

// fileField is a long text, which may be in a file: NAME=@FILE.
func fileField(name string, to *client.Change[string]) settingField {
	return settingField{name, func(value string) error {
		text, err := textOrFile(value)
		*to = client.Set(text)
		return err
	}, func() { *to = client.Clear[string]() }}
}

func groupsField(name string, to *client.Change[[]client.AllowedGroup]) settingField {
	return settingField{name, func(value string) error {
		text, err := textOrFile(value)
		if err != nil {
			return err
		}
		var groups []client.AllowedGroup
		if err := json.Unmarshal([]byte(text), &groups); err != nil {
			return errors.New(`must be a JSON array, [{"name":"staff","defaultRoleIds":[2],"defaultProfileId":1}] say`)
		}
		*to = client.Set(groups)
		return nil
	}, func() { *to = client.Clear[[]client.AllowedGroup]() }}
}

func textOrFile(value string) (string, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	text, err := os.ReadFile(name)
	return string(text), err
}

// secretField can be cleared by a pair, and set by a flag that reads it from
// elsewhere.
func secretField(name, flag string, to *client.Change[string]) settingField {
	return settingField{name, func(string) error {
		return fmt.Errorf("is a secret, which others could read on a command line: use %s", flag)
	}, func() { *to = client.Clear[string]() }}
}
