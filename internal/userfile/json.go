package userfile

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

func (f *reader) readJSON(raw []byte) {
	// Invalid UTF-8, a name given twice and text after the array are refused.
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	at := lineCounter{raw: raw, line: 1}
	if d.PeekKind() != '[' {
		if _, err := d.ReadToken(); err != nil {
			f.failJSON(err, &at)
			return
		}
		f.fail(at.to(int(d.InputOffset())), "the file must be an array of users: [ {…}, {…} ]")
		return
	}
	_, _ = d.ReadToken() // as PeekKind saw
	for user := 1; d.PeekKind() != ']'; user++ {
		value, err := d.ReadValue()
		if err != nil {
			f.failJSON(err, &at)
			return
		}
		line := at.to(int(d.InputOffset()) - len(value))
		if f.full(user-1, line) {
			return
		}
		f.readObject(user, line, value)
	}
	_, _ = d.ReadToken()
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		f.fail(at.to(int(d.InputOffset())), "there is something after the array")
	}
}

// readObject reads one user. Its value is known to be JSON, so the decoder cannot fail.
func (f *reader) readObject(user, line int, value jsontext.Value) {
	if value.Kind() != '{' {
		f.failUser(user, line, "", "is not an object: {…}")
		return
	}
	row := Row{Line: line, User: user}
	d := jsontext.NewDecoder(bytes.NewReader(value))
	_, _ = d.ReadToken()
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
		case !known:
			f.failUser(user, line, "", "has a name that is not one of: "+columnNames())
		case name == activeColumn && (kind == 't' || kind == 'f'):
			row.Active = kind == 't'
		case name == activeColumn:
			f.failUser(user, line, name, "must be true or false")
		case kind == '"':
			c.set(&row, text)
		case kind == 'n' && !c.needed: // none
		default:
			f.failUser(user, line, name, "must be a string")
		}
	}
	f.rows = append(f.rows, row)
}

// skipRest reads to the end of the array or object that has just begun.
func skipRest(d *jsontext.Decoder) {
	for depth := d.StackDepth(); d.StackDepth() >= depth; {
		_, _ = d.ReadToken()
	}
}

// failJSON reports text that is not JSON. The texts of the decoder are not used: they can repeat a value.
func (f *reader) failJSON(err error, at *lineCounter) {
	message, offset := "is not JSON", len(at.raw)
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset = int(syntax.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			message = "has a name twice in one object"
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		message = "is where the file ends too early"
	}
	f.fail(at.to(offset), message+"; what follows was not read")
}

// lineCounter tells the line of an offset. Offsets come in ascending order, so the text is counted once.
type lineCounter struct {
	raw    []byte
	offset int
	line   int
}

func (c *lineCounter) to(offset int) int {
	offset = min(max(offset, c.offset), len(c.raw))
	c.line += strings.Count(string(c.raw[c.offset:offset]), "\n")
	c.offset = offset
	return c.line
}
