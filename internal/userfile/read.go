package userfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Reader reads the users of a file as they come: its memory does not grow with
// their number.
type Reader struct {
	input  *input
	format interface{ read() (Row, []Fault, error) }
	users  int
	over   bool
}

// NewReader begins to read a file. The error is for one that cannot be read, or a
// format that there is not.
func NewReader(r io.Reader, format Format) (*Reader, error) {
	in := &input{r: r, left: chunk}
	text := bufio.NewReaderSize(in, chunk)
	if mark, err := text.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = text.Discard(len(byteOrderMark)) // it is in the buffer
	}
	file := &Reader{input: in}
	switch format {
	case CSV:
		file.format = newCSV(text)
	case JSON:
		file.format = newJSON(text)
	default:
		return nil, fmt.Errorf("unknown format %q", format)
	}
	return file, nil
}

const byteOrderMark = "\uFEFF"

// Read returns the next user and what is wrong with it, by the server's rules as
// far as one user of a file can tell. The fields at fault are empty, so that the
// rest of the user can be looked at further.
//
// A fault with the User 0 is one of the file, after which no user comes. The error
// is [io.EOF] behind the last user, [ErrTooLong], or one of reading the file.
func (f *Reader) Read() (Row, []Fault, error) {
	if f.over {
		return Row{}, nil, io.EOF
	}
	f.input.left = maxUser + chunk
	row, faults, err := f.format.read()
	if f.input.err != nil { // whatever the format made of it
		err = f.input.err
	}
	switch {
	case errors.Is(err, io.EOF) && f.users == 0:
		f.over = true
		return Row{}, []Fault{{Line: 1, Message: "the file has no users"}}, nil
	case err != nil:
		f.over = true
		return Row{}, nil, err
	case row.User == 0:
		f.over = true
		return Row{}, faults, nil
	}
	f.users++
	return row, checkRow(&row, faults), nil
}

// ErrTooLong means that a user takes more than a mebibyte: as a rule a quote that
// is not closed.
var ErrTooLong = errors.New("a user is longer than 1 MiB; is a quote not closed?")

const (
	maxUser = 1 << 20  // bytes of one user
	chunk   = 64 << 10 // what is read ahead
)

// input fails where one user takes too much.
type input struct {
	r    io.Reader
	left int   // until the next user must have begun
	err  error // of reading, but for the end
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	if in.left <= 0 {
		in.err = ErrTooLong
		return 0, in.err
	}
	n, err := in.r.Read(p)
	in.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}
