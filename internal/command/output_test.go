package command

import (
	"testing"
)

func TestTables(t *testing.T) {
	for _, test := range []struct {
		name  string
		table Table
		want  string
	}{
		{"with a header", Table{Header: []string{"ID", "NAME"}, Rows: [][]string{{"1", "Ada"}, {"1000", "Bob"}}},
			"ID    NAME\n1     Ada\n1000  Bob\n"},
		{"names and values", Table{Rows: [][]string{{"id", "1"}, {"name", "Ada"}}}, "id    1\nname  Ada\n"},
		{"no rows", Table{Header: []string{"ID", "NAME"}}, "ID  NAME\n"},
		{"an empty last cell", Table{Rows: [][]string{{"a", ""}, {"b", "c"}}}, "a\nb  c\n"},
		{"wide characters count once", Table{Rows: [][]string{{"Žofie", "x"}, {"Ada", "y"}}}, "Žofie  x\nAda    y\n"},
		{"lines and tabs in a cell", Table{Rows: [][]string{{"a\tb\nc", "d"}}}, "a b c  d\n"},
		{"control characters", Table{Rows: [][]string{{"\x1b[2J\u009b\u202eevil\x00"}}}, "�[2J��evil�\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(test.table.render()); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestJSONOutput writes a value and a message with --output json. Only the value is on standard output,
// and neither contains control characters.
func TestJSONOutput(t *testing.T) {
	e, stdout, stderr := testEnv(nil)
	e.JSON = true
	if err := e.Show(map[string]string{"name": "<Žofie>\x1b\x7f\u009b\u202e\u2069"}, Table{}); err != nil {
		t.Fatal(err)
	}
	e.Say("It is %s.", "done\x1b")
	if got, want := stdout.String(), "{\n  \"name\": \"<Žofie>\\u001b\\u007f\\u009b\\u202e\\u2069\"\n}\n"; got != want {
		t.Errorf("standard output: %q, want %q", got, want)
	}
	if got, want := stderr.String(), "It is done�.\n"; got != want {
		t.Errorf("standard error: %q, want %q", got, want)
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	e, _, stderr := testEnv(nil)
	e.Progress("reading")
	if stderr.Len() > 0 {
		t.Errorf("wrote %q to a file", stderr)
	}
	e.StderrIsTerminal = true
	e.Progress("reading")
	if got := stderr.String(); got != "reading\n" {
		t.Errorf("wrote %q to a terminal, want %q", got, "reading\n")
	}
}
