package userimport

import (
	"github.com/seed-3a99a2fe/usher/client"
	"github.com/seed-3a99a2fe/usher/internal/cli/profile"
	"github.com/seed-3a99a2fe/usher/internal/userfile"
)

const (
	// maxBatchText bounds the bytes of the texts in a batch. In JSON a byte becomes up to six, and the field names of a
	// row take 200; the server accepts 4 MiB.
	maxBatchText = 600 << 10
	// maxBatchPasswords bounds the passwords in a batch: the server hashes them before it answers.
	maxBatchPasswords = 100
)

// batch is the rows of one request.
type batch struct {
	rows      []userfile.Row
	faults    []userfile.Fault // of the rows, found in the file
	text      int              // bytes
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

// full reports whether row has no room in the batch.
func (b *batch) full(row userfile.Row) bool {
	return len(b.rows) == client.MaxImportRows || b.passwords == maxBatchPasswords ||
		b.text+profile.RowSize(row) > maxBatchText
}
