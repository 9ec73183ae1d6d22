package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table is a result in columns. Without a header its rows are names and values.
type Table struct {
	Header []string
	Rows   [][]string
}

// Show writes a result to standard output: value with --output json, else t.
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

// ShowTable writes a table to standard output, also with --output json.
func (e *Env) ShowTable(t Table) error {
	_, err := e.Stdout.Write(t.render())
	return err
}

// Say writes a message about the outcome.
func (e *Env) Say(format string, args ...any) {
	out := e.Stdout
	if e.JSON {
		out = e.Stderr
	}
	fmt.Fprintln(out, Printable(fmt.Sprintf(format, args...)))
}

// Warn writes a line to standard error.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintln(e.Stderr, Printable(fmt.Sprintf(format, args...)))
}

// Progress writes a line to standard error if that is a terminal.
func (e *Env) Progress(format string, args ...any) {
	if e.StderrIsTerminal {
		e.Warn(format, args...)
	}
}

// ReportError writes an error's message, its details and a hint, which may be empty, to standard error.
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
	_ = w.Flush() // into memory
	return trimLines(out.Bytes())
}

// trimLines removes the spaces that pad the cell before an empty last cell.
func trimLines(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	for i := range lines {
		lines[i] = bytes.TrimRight(lines[i], " ")
	}
	return bytes.Join(lines, []byte("\n"))
}
