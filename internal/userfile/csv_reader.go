package userfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// csvReader reads users from a CSV file (RFC 4180).
type csvReader struct {
	csv    *csv.Reader
	header []column // nil until the header is read
	users  int      // number of users read so far
}

// newCSV returns a reader for a CSV file.
func newCSV(r io.Reader) *csvReader {
	reader := &csvReader{csv: csv.NewReader(r)}
	reader.csv.FieldsPerRecord = -1 // read checks the number itself, so that a wrong record does not end the file
	return reader
}

// read implements formatReader.
func (r *csvReader) read() (Row, []Fault, error) {
	if r.header == nil {
		header, faults, err := r.readHeader()
		if err != nil || len(faults) > 0 {
			return Row{}, faults, err
		}
		r.header = header
	}
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, nil, io.EOF
	}
	if err != nil {
		return Row{}, []Fault{csvFault(err)}, nil
	}
	r.users++
	line, _ := r.csv.FieldPos(0)
	row := Row{Line: line, User: r.users}
	if len(record) != len(r.header) {
		message := fmt.Sprintf("has %d values, but the header names %d", len(record), len(r.header))
		return row, []Fault{row.fault("", message)}, nil
	}
	faults := row.fill(r.header, record)
	return row, faults, nil
}

// maxReportedColumns is the number of wrong columns of a header that get a fault each. One
// more fault gives the number of the other wrong columns.
const maxReportedColumns = 20

// readHeader reads the first line, which names the columns. If the header is invalid, the
// reader cannot assign values to columns, so it reads no further.
func (r *csvReader) readHeader() (header []column, faults []Fault, err error) {
	record, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		message := "the file is empty; its first line must name the columns: " + columnNames()
		return nil, []Fault{{Line: 1, Message: message}}, nil
	}
	if err != nil {
		return nil, []Fault{csvFault(err)}, nil
	}
	line, _ := r.csv.FieldPos(0)
	fail := func(message string) { faults = append(faults, Fault{Line: line, Message: message}) }
	if len(record) == 1 && strings.Contains(record[0], ";") {
		fail("the columns must be separated by commas, not semicolons")
		return nil, faults, nil
	}
	seen := map[string]bool{}
	wrong := 0
	for i, text := range record {
		name := strings.ToLower(strings.TrimSpace(text))
		c, known := findColumn(name)
		if known && !seen[name] {
			seen[name] = true
			header = append(header, c)
			continue
		}
		switch wrong++; {
		case wrong > maxReportedColumns:
		case known:
			fail(fmt.Sprintf("the column %s is there twice", name))
		default:
			fail(fmt.Sprintf("column %d of the header is not one of: %s", i+1, columnNames()))
		}
	}
	if more := wrong - maxReportedColumns; more > 0 {
		fail(fmt.Sprintf("%d more columns of the header are wrong", more))
	}
	for _, c := range columns {
		if c.required && !seen[c.name] {
			fail(fmt.Sprintf("the column %s is missing", c.name))
		}
	}
	return header, faults, nil
}

// fill sets the fields of the row from a CSV record. It returns the faults of invalid values.
func (r *Row) fill(header []column, record []string) (faults []Fault) {
	for i, text := range record {
		c := header[i]
		if c.secret == nil {
			text = unquoteFormulas(text)
		}
		switch {
		case text == "": // no value: the field stays empty
		case c.name == activeColumn:
			switch strings.ToLower(text) {
			case "true":
				r.Active = true
			case "false":
			default:
				faults = append(faults, r.fault(activeColumn, "must be true or false"))
			}
		default:
			c.set(r, text)
		}
	}
	return faults
}

// csvFault returns the fault for a CSV syntax error. The reader stops at this error, because
// it cannot know where the next value begins.
func csvFault(err error) Fault {
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
	return Fault{Line: line, Message: message + "; what follows was not read"}
}

// formula matches the beginning of a formula in a value, where a spreadsheet would evaluate it:
// at the start of the value, or after a separator (OWASP, CSV Injection). A spreadsheet whose
// language uses semicolons also splits values at those. White space and quotes do not prevent
// the evaluation. The first group has everything before the formula.
var formula = regexp.MustCompile(`((?:^|[,;|\t\r\n])[\s"']*)([=+\-@＝＋－＠])`)

// quotedFormula matches what quoteFormulas writes for a match of formula.
var quotedFormula = regexp.MustCompile(`((?:^|[,;|\t\r\n])[\s"']*)'([=+\-@＝＋－＠])`)

// quoteFormulas puts a single quote before each formula in the text. It also adds a quote to a
// formula that already has one. So unquoteFormulas restores the original text in every case.
func quoteFormulas(text string) string { return formula.ReplaceAllString(text, "${1}'${2}") }

// unquoteFormulas removes the quotes that quoteFormulas has added.
func unquoteFormulas(text string) string { return quotedFormula.ReplaceAllString(text, "${1}${2}") }
