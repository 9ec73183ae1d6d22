package userfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

func (f *reader) readCSV(raw []byte) {
	r := csv.NewReader(bytes.NewReader(raw))
	r.FieldsPerRecord = -1 // counted here, to go on after a row with too few
	header, ok := f.readHeader(r)
	if !ok {
		return
	}
	for user := 1; ; user++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			f.failCSV(err)
			return
		}
		line, _ := r.FieldPos(0)
		if f.full(user-1, line) {
			return
		}
		if len(record) != len(header) {
			f.failUser(user, line, "", fmt.Sprintf("has %d values, but the header names %d", len(record), len(header)))
			continue
		}
		f.rows = append(f.rows, f.rowOfCSV(user, line, header, record))
	}
}

// readHeader reads the first line. Without a good one the rest makes no sense.
func (f *reader) readHeader(r *csv.Reader) (header []column, ok bool) {
	record, err := r.Read()
	if errors.Is(err, io.EOF) {
		f.fail(1, "the file is empty; its first line must name the columns: "+columnNames())
		return nil, false
	}
	if err != nil {
		f.failCSV(err)
		return nil, false
	}
	line, _ := r.FieldPos(0)
	if len(record) == 1 && strings.Contains(record[0], ";") {
		f.fail(line, "the columns must be separated by commas, not semicolons")
		return nil, false
	}
	given := map[string]bool{}
	for i, text := range record {
		name := strings.ToLower(strings.TrimSpace(text))
		c, known := columnNamed(name)
		switch {
		case !known:
			f.fail(line, fmt.Sprintf("column %d of the header is not one of: %s", i+1, columnNames()))
		case given[name]:
			f.fail(line, fmt.Sprintf("the column %s is there twice", name))
		}
		given[name] = true
		header = append(header, c)
	}
	for _, c := range columns {
		if c.needed && !given[c.name] {
			f.fail(line, fmt.Sprintf("the column %s is missing", c.name))
		}
	}
	return header, len(f.faults) == 0
}

func (f *reader) rowOfCSV(user, line int, header []column, record []string) Row {
	row := Row{Line: line, User: user}
	for i, text := range record {
		c := header[i]
		if c.name != passwordColumn {
			text = plainText(text)
		}
		switch {
		case text == "": // none
		case c.name == activeColumn:
			switch strings.ToLower(text) {
			case "true":
				row.Active = true
			case "false":
			default:
				f.failUser(user, line, activeColumn, "must be true or false")
			}
		default:
			c.set(&row, text)
		}
	}
	return row
}

// failCSV reports text that is not CSV. What follows could be read only by guessing.
func (f *reader) failCSV(err error) {
	message, line := "is not CSV", 1
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		line = parse.StartLine
		switch {
		case errors.Is(parse, csv.ErrBareQuote):
			message = `has a quote (") inside a value that does not begin with one`
		case errors.Is(parse, csv.ErrQuote):
			message = `has a quoted value that is not ended by a quote ("), or goes on after it`
		}
	}
	f.fail(line, message+"; what follows was not read")
}

// formulaStart are the characters that make a spreadsheet take a value for a
// formula, at its beginning (OWASP, CSV Injection).
const formulaStart = "=+-@\t\r\n＝＋－＠"

// quoteFormula keeps a spreadsheet from running text. plainText undoes it: a quote
// that stands before such text already gets another one.
func quoteFormula(text string) string {
	if looksLikeFormula(text) {
		return "'" + text
	}
	return text
}

func plainText(text string) string {
	if strings.HasPrefix(text, "'") && looksLikeFormula(text) {
		return text[1:]
	}
	return text
}

func looksLikeFormula(text string) bool {
	bare := strings.TrimLeft(text, "'")
	return bare != "" && strings.ContainsAny(string([]rune(bare)[:1]), formulaStart)
}
