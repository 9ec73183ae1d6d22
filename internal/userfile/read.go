package userfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Read reads all users of a file and checks them by the server's rules, as far as
// a file can tell. It goes on after a fault where it can, to find them all; where
// there are any, the rows are of no use. faults are in the order of the file.
//
// The error is for a file that cannot be read at all, or is larger than 16 MiB. It
// does not depend on the content otherwise.
func Read(r io.Reader, format Format) (rows []Row, faults []Fault, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, nil, err
	}
	if len(raw) > maxBytes {
		return nil, nil, errors.New("the file is larger than 16 MiB")
	}
	raw = bytes.TrimPrefix(raw, []byte("\uFEFF"))

	var file reader
	switch format {
	case CSV:
		file.readCSV(raw)
	case JSON:
		file.readJSON(raw)
	default:
		return nil, nil, fmt.Errorf("unknown format %q", format)
	}
	if len(file.rows) == 0 && len(file.faults) == 0 {
		file.fail(1, "the file has no users")
	}
	file.checkRows()
	slices.SortStableFunc(file.faults, func(a, b Fault) int { return a.Line - b.Line })
	return file.rows, file.faults, nil
}

// reader collects the rows of a file and its faults.
type reader struct {
	rows   []Row
	faults []Fault
	found  map[place]bool // the faults of fields, so that none is reported twice
}

type place struct {
	user  int
	field string
}

// fail reports a fault of the file.
func (f *reader) fail(line int, message string) {
	f.faults = append(f.faults, Fault{Line: line, Message: message})
}

// failUser reports a fault of a user, the first of each field.
func (f *reader) failUser(user, line int, field, message string) {
	at := place{user, field}
	if field != "" && f.found[at] {
		return
	}
	if f.found == nil {
		f.found = map[place]bool{}
	}
	f.found[at] = true
	f.faults = append(f.faults, Fault{Line: line, User: user, Field: field, Message: message})
}

// full reports whether the file has its most users already, with a fault at line.
func (f *reader) full(users, line int) bool {
	if users < MaxRows {
		return false
	}
	f.fail(line, fmt.Sprintf("the file has more than %d users; split it", MaxRows))
	return true
}
