package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table is a result in columns. Without a header it has two columns: the name of a value, and the
// value.
type Table struct {
	Header []string
	Rows   [][]string
}

// Show writes a result to standard output: value as JSON with --output json, else the table t.
func (e *Env) Show(value any, t Table) error {
	if e.JSON {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(value); err != nil {
			return err
		}
		_, err := e.Stdout.Write(EscapeJSON(out.Bytes()))
		return err
	}
	return e.ShowTable(t)
}

// ShowTable writes a table to standard output, even with --output json.
func (e *Env) ShowTable(t Table) error {
	_, err := e.Stdout.Write(t.render())
	return err
}

// Say writes a message about success: to standard output, or to standard error with --output json.
func (e *Env) Say(format string, args ...any) {
	out := e.Stdout
	if e.JSON {
		out = e.Stderr
	}
	fmt.Fprintln(out, Printable(fmt.Sprintf(format, args...)))
}

// Warn writes one line to standard error. It replaces control characters.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintln(e.Stderr, Printable(fmt.Sprintf(format, args...)))
}

// Progress writes one line to standard error if standard error is a terminal.
func (e *Env) Progress(format string, args ...any) {
	if e.StderrIsTerminal {
		e.Warn(format, args...)
	}
}

// ReportError writes the message and the details of an error to standard error, and the hint if it
// isn't empty.
func (e *Env) ReportError(message string, details []string, hint string) {
	e.Warn("usher: %s", message)
	for _, d := range details {
		e.Warn("  %s", d)
	}
	if hint != "" {
		e.Warn("hint: %s", hint)
	}
}

func (t Table) render() []byte {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	if t.Header != nil {
		fmt.Fprintln(w, strings.Join(t.Header, "\t"))
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = Printable(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // the buffer never fails
	return trimLines(out.Bytes())
}

// trimLines removes the spaces at the end of each line. tabwriter pads a cell even if the cells after
// it are empty.
func trimLines(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}
