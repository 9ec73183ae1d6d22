package fields

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3a99a2fe/usher/client"
)

// Text returns a Field for a text that can't be cleared.
func Text(name string, to **string) Field {
	return Field{name: name, set: func(value string) error {
		*to = &value
		return nil
	}}
}

// ClearableText returns a Field for a text. NAME= clears it.
func ClearableText(name string, to *client.Change[string]) Field {
	return clearable(name, to, func(value string) (string, error) { return value, nil })
}

// Number returns a Field for an integer that can't be cleared.
func Number(name string, to **int) Field {
	return Field{name: name, set: func(value string) error {
		n, err := parseNumber(value)
		*to = &n
		return err
	}}
}

// ClearableNumber returns a Field for an integer. NAME= clears it.
func ClearableNumber(name string, to *client.Change[int]) Field {
	return clearable(name, to, parseNumber)
}

// Bool returns a Field whose value is true, yes, false or no.
func Bool(name string, to **bool) Field {
	return Field{name: name, set: func(value string) error {
		truth, ok := map[string]bool{"true": true, "yes": true, "false": false, "no": false}[value]
		if !ok {
			return errors.New("must be true or false")
		}
		*to = &truth
		return nil
	}}
}

// IDs returns a Field for a list of ids, separated by commas.
func IDs(name string, to *[]int64) Field {
	return Field{name: name, set: func(value string) error {
		*to = []int64{}
		for text := range strings.SplitSeq(value, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return errors.New("must be ids, 2,5 for example")
			}
			*to = append(*to, id)
		}
		return nil
	}}
}

// TextOrFile returns a Field for a text. NAME=@FILE sets it to the content of a file, and NAME= clears it.
func TextOrFile(name string, to *client.Change[string]) Field {
	return clearable(name, to, textOrFile)
}

// Groups returns a Field for a JSON array of groups. NAME=@FILE reads the array from a file, and NAME= clears it.
func Groups(name string, to *client.Change[[]client.AllowedGroup]) Field {
	return clearable(name, to, func(value string) ([]client.AllowedGroup, error) {
		text, err := textOrFile(value)
		if err != nil {
			return nil, err
		}
		var groups []client.AllowedGroup
		if err := json.Unmarshal([]byte(text), &groups); err != nil {
			return nil, errors.New(
				`must be a JSON array, [{"name":"staff","defaultRoleIds":[2],"defaultProfileId":1}] for example`)
		}
		return groups, nil
	})
}

// Secret returns a Field for a secret. An argument can only clear the secret, because other users of the machine can
// see the arguments of a process. flag is the name of the flag that sets the secret.
func Secret(name, flag string, to *client.Change[string]) Field {
	return clearable(name, to, func(string) (string, error) {
		return "", fmt.Errorf("is a secret, which others could read on a command line: use %s", flag)
	})
}

// clearable returns a Field that NAME= clears. parse reads any other value.
func clearable[T any](name string, to *client.Change[T], parse func(string) (T, error)) Field {
	return Field{
		name: name,
		set: func(value string) error {
			parsed, err := parse(value)
			if err == nil {
				*to = client.Set(parsed)
			}
			return err
		},
		clear: func() { *to = client.Clear[T]() },
	}
}

func parseNumber(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, errors.New("must be a number")
	}
	return n, nil
}

func textOrFile(value string) (string, error) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, nil
	}
	text, err := os.ReadFile(name)
	return string(text), err
}
