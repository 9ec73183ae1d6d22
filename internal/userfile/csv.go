package userfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvFile is a file of users as CSV.
type csvFile struct {
	r      *csv.Reader
	header []column // nil before the first line is read
	users  int
}

func newCSV(r io.Reader) *csvFile {
	file := &csvFile{r: csv.NewReader(r)}
	file.r.FieldsPerRecord = -1 // counted here, to go on after a row with too few
	return file
}

func (f *csvFile) read() (Row, []Fault, error) {
	if f.header == nil {
		header, faults, err := f.readHeader()
		if err != nil || len(faults) > 0 {
			return Row{}, faults, err
		}
		f.header = header
	}
	record, err := f.r.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, nil, io.EOF
	}
	if err != nil {
		return Row{}, []Fault{csvFault(err)}, nil
	}
	f.users++
	line, _ := f.r.FieldPos(0)
	row := Row{Line: line, User: f.users}
	if len(record) != len(f.header) {
		return row, []Fault{row.fault("", fmt.Sprintf("has %d values, but the header names %d", len(record), len(f.header)))}, nil
	}
	return row, row.fill(f.header, record), nil
}

// maxWrongColumns is how many columns of a header are said to be wrong one by one.
const maxWrongColumns = 20

// readHeader reads the first line. Without a good one the rest makes no sense.
func (f *csvFile) readHeader() (header []column, faults []Fault, err error) {
	record, err := f.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, []Fault{{Line: 1, Message: "the file is empty; its first line must name the columns: " + columnNames()}}, nil
	}
	if err != nil {
		return nil, []Fault{csvFault(err)}, nil
	}
	line, _ := f.r.FieldPos(0)
	fail := func(message string) { faults = append(faults, Fault{Line: line, Message: message}) }
	if len(record) == 1 && strings.Contains(record[0], ";") {
		fail("the columns must be separated by commas, not semicolons")
		return nil, faults, nil
	}
	given := map[string]bool{}
	wrong := 0
	for i, text := range record {
		name := strings.ToLower(strings.TrimSpace(text))
		c, known := columnNamed(name)
		if known && !given[name] {
			given[name] = true
			header = append(header, c)
			continue
		}
		switch wrong++; {
		case wrong > maxWrongColumns:
		case known:
			fail(fmt.Sprintf("the column %s is there twice", name))
		default:
			fail(fmt.Sprintf("column %d of the header is not one of: %s", i+1, columnNames()))
		}
	}
	if more := wrong - maxWrongColumns; more > 0 {
		fail(fmt.Sprintf("%d more columns of the header are wrong", more))
	}
	for _, c := range columns {
		if c.needed && !given[c.name] {
			fail(fmt.Sprintf("the column %s is missing", c.name))
		}
	}
	return header, faults, nil
}

// fill sets the fields of a row from a record of CSV.
func (r *Row) fill(header []column, record []string) (faults []Fault) {
	for i, text := range record {
		c := header[i]
		if !c.secret {
			text = plainText(text)
		}
		switch {
		case text == "": // none
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

// csvFault reports text that is not CSV. What follows could be read only by guessing.
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
