package userimport

import (
	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const (
	// maxBatchText limits the texts in a batch, in bytes. JSON encodes a byte as up to six bytes, and the field names
	// of a row take another 200 bytes. A batch within the limit therefore fits into the 4 MiB that the server accepts.
	maxBatchText = 600 << 10
	// maxBatchPasswords limits the number of passwords in a batch. The server hashes them before it responds, which
	// takes time.
	maxBatchPasswords = 100
)

// batch has the rows of the file that are sent in one request.
type batch struct {
	rows      []userfile.Row
	faults    []userfile.Fault // faults of these rows that were found while the file was read
	text      int              // total size of the texts in bytes
	passwords int
}

func (b *batch) add(row userfile.Row, faults []userfile.Fault) {
	b.rows = append(b.rows, row)
	b.faults = append(b.faults, faults...)
	b.text += profile.RowSize(row)
	if row.Password.Reveal() != "" {
		b.passwords++
	}
}

// full reports whether the batch has no room for row.
func (b *batch) full(row userfile.Row) bool {
	return len(b.rows) == client.MaxImportRows || b.passwords == maxBatchPasswords ||
		b.text+profile.RowSize(row) > maxBatchText
}
