package userfile

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonReader reads users from a JSON array (RFC 8259).
type jsonReader struct {
	decoder *jsontext.Decoder
	lines   *lineCounter
	users   int  // number of users read so far
	started bool // whether the start of the array has been read
}

// newJSON returns a reader for a JSON file.
func newJSON(r io.Reader) *jsonReader {
	lines := &lineCounter{r: r, line: 1}
	// The decoder refuses invalid UTF-8, duplicate names and text after the array.
	return &jsonReader{decoder: jsontext.NewDecoder(lines), lines: lines}
}

// read implements formatReader.
func (r *jsonReader) read() (Row, []Fault, error) {
	if !r.started {
		r.started = true
		if r.decoder.PeekKind() != '[' {
			if _, err := r.decoder.ReadToken(); err != nil {
				return Row{}, []Fault{r.fault(err)}, nil
			}
			const message = "the file must be an array of users: [ {…}, {…} ]"
			return Row{}, []Fault{{Line: r.lines.lineAt(r.decoder.InputOffset()), Message: message}}, nil
		}
		_, _ = r.decoder.ReadToken() // cannot fail after PeekKind
	}
	if r.decoder.PeekKind() == ']' {
		return r.readEnd()
	}
	value, err := r.decoder.ReadValue()
	if err != nil {
		return Row{}, []Fault{r.fault(err)}, nil
	}
	r.users++
	row := Row{Line: r.lines.lineAt(r.decoder.InputOffset() - int64(len(value))), User: r.users}
	if value.Kind() != '{' {
		return row, []Fault{row.fault("", "is not an object: {…}")}, nil
	}
	faults := row.fillJSON(value)
	return row, faults, nil
}

// readEnd reads the end of the array and of the file.
func (r *jsonReader) readEnd() (Row, []Fault, error) {
	_, _ = r.decoder.ReadToken() // cannot fail after PeekKind
	if _, err := r.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		line := r.lines.lineAt(r.decoder.InputOffset())
		return Row{}, []Fault{{Line: line, Message: "there is something after the array"}}, nil
	}
	return Row{}, nil, io.EOF
}

// fillJSON sets the fields of the row from a JSON object. It returns the faults of invalid
// values. The caller has checked that value is valid JSON, so decoding cannot fail.
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
			skipNested(d)
		}
		c, known := findColumn(name)
		switch {
		case !known && unknown: // one unknown name is reported already
		case !known:
			unknown = true
			fail("", "has a name that is not one of: "+columnNames())
		case name == activeColumn && (kind == 't' || kind == 'f'):
			r.Active = kind == 't'
		case name == activeColumn:
			fail(name, "must be true or false")
		case kind == '"':
			c.set(r, text)
		case kind == 'n' && !c.required: // no value
		default:
			fail(name, "must be a string")
		}
	}
	return faults
}

// skipNested reads past the rest of an array or object whose first token was just read.
func skipNested(d *jsontext.Decoder) {
	for depth := d.StackDepth(); d.StackDepth() >= depth; {
		_, _ = d.ReadToken()
	}
}

// fault returns the fault for a JSON syntax error. The message does not contain the text of
// err, which can quote a value of the file, such as a password.
func (r *jsonReader) fault(err error) Fault {
	message, offset := "is not JSON", r.lines.read
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset = syntax.ByteOffset
		if errors.Is(err, jsontext.ErrDuplicateName) {
			message = "has a name twice in one object"
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		message = "is where the file ends too early"
	}
	return Fault{Line: r.lines.lineAt(offset), Message: message + "; what follows was not read"}
}

// lineCounter wraps a reader and converts byte offsets to line numbers. Callers ask for
// ascending offsets, so it stores only the line feeds after the last offset.
type lineCounter struct {
	r         io.Reader
	read      int64   // bytes read so far
	lineFeeds []int64 // offsets of the line feeds after the offset of the last lineAt call
	line      int     // result of the last lineAt call; 1 at first
}

// Read implements io.Reader.
func (c *lineCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i, b := range p[:n] {
		if b == '\n' {
			c.lineFeeds = append(c.lineFeeds, c.read+int64(i))
		}
	}
	c.read += int64(n)
	return n, err
}

// lineAt returns the line number of a byte offset. The offset must not be smaller than that
// of the previous call.
func (c *lineCounter) lineAt(offset int64) int {
	passed := 0
	for passed < len(c.lineFeeds) && c.lineFeeds[passed] < offset {
		passed++
	}
	c.line += passed
	c.lineFeeds = append(c.lineFeeds[:0], c.lineFeeds[passed:]...)
	return c.line
}
