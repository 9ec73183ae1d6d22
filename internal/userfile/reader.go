package userfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Reader reads users from a file one by one. Its memory does not grow with their number.
type Reader struct {
	input  *limitedReader
	format formatReader
	users  int  // read so far
	done   bool // whether the file has ended or cannot be read further
}

// formatReader reads users from a file of one format.
type formatReader interface {
	// read returns the next user and the faults of its format. The User of the row is 0 if
	// the faults are those of the file. The error is [io.EOF] after the last user, or an
	// error of the underlying reader.
	read() (Row, []Fault, error)
}

// NewReader returns a reader for a file. It fails if the format is unknown.
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

// Read returns the next user and its faults, by those rules of the server that one user of a
// file can break. Invalid fields are empty, so that the caller can validate the others.
//
// A fault whose User is 0 is one of the file; no user follows. The error is [io.EOF] after
// the last user, [ErrTooLong], or an error of the underlying reader.
func (r *Reader) Read() (Row, []Fault, error) {
	if r.done {
		return Row{}, nil, io.EOF
	}
	r.input.remaining = maxUserSize + bufferSize
	row, faults, err := r.format.read()
	if r.input.err != nil { // the format reader may have reported it as a syntax error
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

// limitedReader fails with [ErrTooLong] after it has read the remaining bytes. [Reader.Read]
// resets remaining before each user.
type limitedReader struct {
	r         io.Reader
	remaining int   // bytes until the next user must begin
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
