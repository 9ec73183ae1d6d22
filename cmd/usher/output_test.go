package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/client"
)

func TestTables(t *testing.T) {
	for _, test := range []struct {
		name string
		t    table
		want string
	}{
		{"with a header", table{header: []string{"ID", "NAME"}, rows: [][]string{{"1", "Ada"}, {"1000", "Bob"}}}, "ID    NAME\n1     Ada\n1000  Bob\n"},
		{"names and values", table{rows: [][]string{{"id", "1"}, {"name", "Ada"}}}, "id    1\nname  Ada\n"},
		{"no rows", table{header: []string{"ID", "NAME"}}, "ID  NAME\n"},
		{"an empty last cell", table{rows: [][]string{{"a", ""}, {"b", "c"}}}, "a\nb  c\n"},
		{"wide characters count once", table{rows: [][]string{{"Žofie", "x"}, {"Ada", "y"}}}, "Žofie  x\nAda    y\n"},
		{"lines and tabs in a cell", table{rows: [][]string{{"a\tb\nc", "d"}}}, "a b c  d\n"},
		{"text that steers a terminal", table{rows: [][]string{{"\x1b[2J\u009b\u202eevil\x00"}}}, "�[2J��evil�\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(test.t.render()); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestJSONAlone checks that with --output json nothing else is on standard output,
// and nothing that steers a terminal.
func TestJSONAlone(t *testing.T) {
	a, stdout, stderr := testApp(nil)
	a.flags = &globals{Output: "json"}
	if err := a.show(map[string]string{"name": "<Žofie>\x1b\x7f\u009b\u202e\u2069"}, table{}); err != nil {
		t.Fatal(err)
	}
	a.say("It is %s.", "done\x1b")
	if got, want := stdout.String(), "{\n  \"name\": \"<Žofie>\\u001b\\u007f\\u009b\\u202e\\u2069\"\n}\n"; got != want {
		t.Errorf("standard output: %q, want %q", got, want)
	}
	if got, want := stderr.String(), "It is done�.\n"; got != want {
		t.Errorf("standard error: %q, want %q", got, want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	a, _, stderr := testApp(nil)
	a.progress("reading")
	if stderr.Len() > 0 {
		t.Errorf("a file gets %q", stderr)
	}
	a.stderrIsTerminal = true
	a.progress("reading")
	if got := stderr.String(); got != "reading\n" {
		t.Errorf("a terminal gets %q", got)
	}
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
		code int
	}{
		{"success", nil, "", exitOK},
		{"failure", errors.New("no\x1b"), "usher: no�\n", exitFailure},
		{"with a hint", withHint(errors.New("no"), "do %s", "this"), "usher: no\nhint: do this\n", exitFailure},
		{"usage with a hint", withHint(usage("no"), "do this"), "usher: no\nhint: do this\n", exitUsage},
		{"several details", &client.Error{StatusCode: 400, Code: client.CodeInvalid, Message: "Not valid.", Details: []client.Detail{{Path: "/0/email", Message: "is in use"}, {Path: "", Message: "must be a list"}}},
			"usher: Not valid.\n  email: is in use\n  must be a list\nhint: mend what is named above and try again\n", exitFailure},
		{"a wrapped answer", fmt.Errorf("list: %w", &client.Error{StatusCode: 503, Code: client.CodeUnavailable, Message: "Busy.", RetryAfter: 2 * time.Second}),
			"usher: Busy.\nhint: try again in 2s\n", exitFailure},
		{"a new code", &client.Error{StatusCode: 409, Code: "NEW", Message: "No."}, "usher: No.\n", exitFailure},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, _, stderr := testApp(nil)
			if code := a.report(test.err); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if got := stderr.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// testApp is an app without a terminal, unless p asks.
func testApp(p prompter) (a *app, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{
		ctx:    context.Background(),
		stdin:  &bytes.Buffer{},
		stdout: stdout,
		stderr: stderr,
		getenv: func(string) string { return "" },
		now:    time.Now,
		prompt: p,
		flags:  &globals{Output: "table"},
	}, stdout, stderr
}
