package userfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Reader reads users from a file one by one. The memory that it uses does not grow with the
// file.
type Reader struct {
	input  *limitedReader
	format formatReader
	users  int  // number of users read so far
	done   bool // whether the file has ended or cannot be read further
}

// formatReader reads users from a file of one format: CSV or JSON.
type formatReader interface {
	// read returns the next user and the faults that the format reader found. If the faults
	// concern the whole file, the User of the row is 0. The error is [io.EOF] after the last
	// user, or an error of the underlying reader.
	read() (Row, []Fault, error)
}

// NewReader returns a [Reader] for a file. It fails if the format is unknown.
func NewReader(r io.Reader, format Format) (*Reader, error) {
	in := &limitedReader{r: r, remaining: bufferSize}
	text := bufio.NewReaderSize(in, bufferSize)
	if mark, err := text.Peek(len(byteOrderMark)); err == nil && string(mark) == byteOrderMark {
		_, _ = text.Discard(len(byteOrderMark)) // cannot fail after Peek
	}
	reader := &Reader{input: in}
	switch format {
	case CSV:
		reader.format = newCSV(text)
	case JSON:
		reader.format = newJSON(text)
	default:
		return nil, fmt.Errorf("unknown format %q", format)
	}
	return reader, nil
}

const byteOrderMark = "\uFEFF"

// Read returns the next user and the faults of this user. It checks the server's rules that
// do not depend on other users or on the database. It empties invalid fields, so that the
// caller can validate the others.
//
// A fault whose User is 0 concerns the whole file, and no user follows. The error is
// [io.EOF] after the last user, [ErrTooLong], or an error of the underlying reader.
func (r *Reader) Read() (Row, []Fault, error) {
	if r.done {
		return Row{}, nil, io.EOF
	}
	r.input.remaining = maxUserSize + bufferSize
	row, faults, err := r.format.read()
	if r.input.err != nil { // the format reader may have reported this error as a syntax error
		err = r.input.err
	}
	switch {
	case errors.Is(err, io.EOF) && r.users == 0:
		r.done = true
		return Row{}, []Fault{{Line: 1, Message: "the file has no users"}}, nil
	case err != nil:
		r.done = true
		return Row{}, nil, err
	case row.User == 0:
		r.done = true
		return Row{}, faults, nil
	}
	r.users++
	faults = checkRow(&row, faults)
	return row, faults, nil
}

// ErrTooLong means that a user is longer than 1 MiB. The usual cause is a quote that is not
// closed.
var ErrTooLong = errors.New("a user is longer than 1 MiB; is a quote not closed?")

const (
	maxUserSize = 1 << 20  // longest user in bytes
	bufferSize  = 64 << 10 // bytes read ahead
)

// limitedReader limits the size of one user. It fails with [ErrTooLong] after it has read
// the number of bytes in remaining. [Reader.Read] resets remaining before each user.
type limitedReader struct {
	r         io.Reader
	remaining int   // number of bytes that may still be read for this user
	err       error // last error other than io.EOF
}

// Read implements io.Reader.
func (in *limitedReader) Read(p []byte) (int, error) {
	if in.remaining <= 0 {
		in.err = ErrTooLong
		return 0, in.err
	}
	n, err := in.r.Read(p)
	in.remaining -= n
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}
