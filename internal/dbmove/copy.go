package dbmove

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// copy copies the rows that the target doesn't have yet, in the order of their primary keys. Each batch is inserted as
// a whole or not at all. So the last key in the target shows where an interrupted move must continue.
func (m *mover) copy(ctx context.Context, schema []tableSchema) error {
	snapshot, err := m.source.snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = snapshot.Rollback() }()
	for _, t := range schema {
		if err := m.copyTable(ctx, snapshot, t); err != nil {
			return fmt.Errorf("copy the table %s: %w", t.name, err)
		}
	}
	return nil
}

func (m *mover) copyTable(ctx context.Context, snapshot sqldb.Executor, t tableSchema) error {
	progress := Progress{Table: t.name}
	var err error
	if progress.Total, err = queryInt(ctx, snapshot, "SELECT count(*) FROM "+quote(t.name)); err != nil {
		return err
	}
	if progress.Rows, err = queryInt(ctx, m.target.db, "SELECT count(*) FROM "+quote(t.name)); err != nil {
		return err
	}
	last, err := m.target.lastKey(ctx, t)
	if err != nil {
		return err
	}
	b := batch{maxRows: m.batchRows, insert: func(rows [][]any) error {
		if err := m.target.engine.insert(ctx, m.target.db, t, rows); err != nil {
			return err
		}
		progress.Rows += int64(len(rows))
		m.progress(progress)
		return nil
	}}
	if err := m.source.rows(ctx, snapshot, t, last, b.add); err != nil {
		return err
	}
	if err := b.flush(); err != nil || t.idColumn == "" {
		return err
	}
	id, err := m.source.lastID(ctx, snapshot, t)
	if err != nil || id == 0 {
		return err
	}
	return m.target.engine.setSequence(ctx, m.target.db, t, id)
}

// batch collects rows. It inserts them when it holds maxRows rows or maxBatchBytes bytes.
type batch struct {
	maxRows int
	insert  func([][]any) error
	rows    [][]any
	bytes   int
}

func (b *batch) add(row []any) error {
	b.rows, b.bytes = append(b.rows, row), b.bytes+sizeOf(row)
	if len(b.rows) < b.maxRows && b.bytes < maxBatchBytes {
		return nil
	}
	return b.flush()
}

func (b *batch) flush() error {
	if len(b.rows) == 0 {
		return nil
	}
	err := b.insert(b.rows)
	b.rows, b.bytes = b.rows[:0], 0
	return err
}

// sizeOf returns the approximate size of a row in bytes.
func sizeOf(row []any) int {
	const perValue = 16
	size := 0
	for _, value := range row {
		size += perValue
		switch v := value.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return size
}
