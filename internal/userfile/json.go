package userfile

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonFile is a file of users as a JSON array.
type jsonFile struct {
	d     *jsontext.Decoder
	lines *lineCounter
	users int
	begun bool
}

func newJSON(r io.Reader) *jsonFile {
	lines := &lineCounter{r: r, line: 1}
	// Invalid UTF-8, a name given twice and text after the array are refused.
	return &jsonFile{d: jsontext.NewDecoder(lines), lines: lines}
}

func (f *jsonFile) read() (Row, []Fault, error) {
	if !f.begun {
		f.begun = true
		if f.d.PeekKind() != '[' {
			if _, err := f.d.ReadToken(); err != nil {
				return Row{}, []Fault{f.fault(err)}, nil
			}
			return Row{}, []Fault{{Line: f.lines.to(f.d.InputOffset()), Message: "the file must be an array of users: [ {…}, {…} ]"}}, nil
		}
		_, _ = f.d.ReadToken() // as PeekKind saw
	}
	if f.d.PeekKind() == ']' {
		return f.end()
	}
	value, err := f.d.ReadValue()
	if err != nil {
		return Row{}, []Fault{f.fault(err)}, nil
	}
	f.users++
	row := Row{Line: f.lines.to(f.d.InputOffset() - int64(len(value))), User: f.users}
	if value.Kind() != '{' {
		return row, []Fault{row.fault("", "is not an object: {…}")}, nil
	}
	return row, row.fillJSON(value), nil
}

// end reads what follows the last user.
func (f *jsonFile) end() (Row, []Fault, error) {
	_, _ = f.d.ReadToken() // as PeekKind saw
	if _, err := f.d.ReadToken(); !errors.Is(err, io.EOF) {
		return Row{}, []Fault{{Line: f.lines.to(f.d.InputOffset()), Message: "there is something after the array"}}, nil
	}
	return Row{}, nil, io.EOF
}

// fillJSON sets the fields of a row. Its value is known to be JSON, so the decoder
// cannot fail.
func (r *Row) fillJSON(value jsontext.Value) (faults []Fault) {
	fail := func(field, message string) { faults = append(faults, r.fault(field, message)) }
	d := jsontext.NewDecoder(bytes.NewReader(value))
	_, _ = d.ReadToken()
	unknown := false
	for d.PeekKind() != '}' {
		nameToken, _ := d.ReadToken()
		name := nameToken.String()
		member, _ := d.ReadToken()
		kind, text := member.Kind(), member.String()
		if kind == '{' || kind == '[' {
			skipRest(d)
		}
		c, known := columnNamed(name)
		switch {
		case !known && unknown: // said once
		case !known:
			unknown = true
			fail("", "has a name that is not one of: "+columnNames())
		case name == activeColumn && (kind == 't' || kind == 'f'):
			r.Active = kind == 't'
		case name == activeColumn:
			fail(name, "must be true or false")
		case kind == '"':
			c.set(r, text)
		case kind == 'n' && !c.needed: // none
		default:
			fail(name, "must be a string")
		}
	}
	return faults
}

// skipRest reads to the end of the array or object that has just begun.
func skipRest(d *jsontext.Decoder) {
	for depth := d.StackDepth(); d.StackDepth() >= depth; {
		_, _ = d.ReadToken()
	}
}

// fault reports text that is not JSON. The texts of the decoder are not used: they
// can repeat a value.
func (f *jsonFile) fault(err error) Fault {
	message, offset := "is not JSON", f.lines.read
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset = syntax.ByteOffset
		if errors.Is(err, jsontext.ErrDuplicateName) {
			message = "has a name twice in one object"
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		message = "is where the file ends too early"
	}
	return Fault{Line: f.lines.to(offset), Message: message + "; what follows was not read"}
}

// lineCounter tells the line of an offset in what is read through it. Offsets are
// asked for in ascending order, so it keeps only the line ends read ahead.
type lineCounter struct {
	r    io.Reader
	read int64   // bytes
	ends []int64 // offsets of line ends behind the last one asked for
	line int     // of the last offset asked for
}

// Read implements io.Reader.
func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			c.ends = append(c.ends, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

func (c *lineCounter) to(offset int64) int {
	passed := 0
	for passed < len(c.ends) && c.ends[passed] < offset {
		passed++
	}
	c.line += passed
	c.ends = append(c.ends[:0], c.ends[passed:]...)
	return c.line
}
