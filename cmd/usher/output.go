package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
)

// The rules of output:
//
//   - Results go to standard output: a table, or with --output json one JSON value
//     in the form of the contract. Nothing else goes there then.
//   - What tells a person how it went goes there too, or to standard error with
//     --output json. Progress goes to standard error, and only to a terminal.
//   - Errors go to standard error; see report.
//   - There is no colour. Text from elsewhere cannot steer the terminal.

// table is a result in columns. Without a header its rows are names and values.
type table struct {
	header []string
	rows   [][]string
}

// show writes a result: value as JSON, or t.
func (a *app) show(value any, t table) error {
	if a.flags.Output == "json" {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(value); err != nil {
			return err
		}
		_, err := a.stdout.Write(escapeSteering(out.Bytes()))
		return err
	}
	_, err := a.stdout.Write(t.render())
	return err
}

// escapeSteering writes what would steer a terminal as \uXXXX. The encoder has
// done so below U+0020; anything above U+007E is within a string.
func escapeSteering(text []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(text) {
		if r > '~' && steers(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}

// say tells a person how it went.
func (a *app) say(format string, args ...any) {
	out := a.stdout
	if a.flags.Output == "json" {
		out = a.stderr
	}
	fmt.Fprintln(out, printable(fmt.Sprintf(format, args...)))
}

// progress tells a person at a terminal what is going on.
func (a *app) progress(format string, args ...any) {
	if a.stderrIsTerminal {
		fmt.Fprintln(a.stderr, printable(fmt.Sprintf(format, args...)))
	}
}

func (t table) render() []byte {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	if t.header != nil {
		fmt.Fprintln(w, strings.Join(t.header, "\t"))
	}
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = printable(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // into memory
	return trimLines(out.Bytes())
}

// trimLines removes the blanks that an empty last cell leaves behind.
func trimLines(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}

// steers tells what would steer a terminal: control characters, and those that
// turn the direction of writing.
func steers(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// printable replaces what would steer a terminal or break a line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case steers(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// printableLines is printable for text of several lines.
func printableLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

// orDash is what a table shows of a value that may be missing.
func orDash(text *string) string {
	if text == nil || *text == "" {
		return "-"
	}
	return *text
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
