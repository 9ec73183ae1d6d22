package dbmove

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// verify reads the source and the target again, concurrently, and compares them. It reads the
// current data of the source, so it also finds changes made during the copy.
func (m *mover) verify(ctx context.Context, schema []tableSchema) ([]Table, error) {
	var (
		want, got            []Table
		sourceErr, targetErr error
		reading              sync.WaitGroup
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reading.Go(func() {
		if got, targetErr = m.target.sums(ctx, schema, func(Progress) {}); targetErr != nil {
			cancel()
		}
	})
	if want, sourceErr = m.source.sums(ctx, schema, m.progress); sourceErr != nil {
		cancel()
	}
	reading.Wait()
	if err := errors.Join(sourceErr, targetErr); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	var differences []error
	for i, w := range want {
		if g := got[i]; g != w {
			differences = append(differences,
				fmt.Errorf("%w: the table %s has %s there, and %s in the source", ErrDiffers, w.Name, g, w))
		}
	}
	return want, errors.Join(differences...)
}

// sums reads all tables in one snapshot and returns their summaries.
func (e *endpoint) sums(ctx context.Context, schema []tableSchema, report func(Progress)) ([]Table, error) {
	snapshot, err := e.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = snapshot.Rollback() }()
	var sums []Table
	for _, t := range schema {
		progress := Progress{Verifying: true, Table: t.name}
		if progress.Total, err = queryInt(ctx, snapshot, "SELECT count(*) FROM "+quote(t.name)); err != nil {
			return nil, err
		}
		sum, err := e.sum(ctx, snapshot, t, func(rows int64) {
			if progress.Rows = rows; rows%maxBatchRows == 0 {
				report(progress)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read the table %s of %s: %w", t.name, e.location, err)
		}
		sums = append(sums, sum)
	}
	return sums, nil
}

// sum reads a table and returns its summary. After each row it calls report with the number of rows
// so far.
func (e *endpoint) sum(
	ctx context.Context,
	from sqldb.Executor,
	t tableSchema,
	report func(rows int64),
) (Table, error) {
	sum := Table{Name: t.name}
	hash := sha256.New()
	var encoded []byte
	err := e.rows(ctx, from, t, nil, func(row []any) (err error) {
		encoded = encoded[:0]
		for _, value := range row {
			if encoded, err = appendValue(encoded, value); err != nil {
				return err
			}
		}
		hash.Write(encoded)
		sum.Rows++
		report(sum.Rows)
		return nil
	})
	if err != nil {
		return sum, err
	}
	hash.Sum(sum.Sum[:0])
	if t.idColumn != "" {
		sum.LastID, err = e.lastID(ctx, from, t)
	}
	return sum, err
}

// appendValue appends the encoding of a value to b. The encoding begins with the type, and with the
// length if the type has no fixed one. So different rows have different encodings.
func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, '-'), nil
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v)), nil
	case string:
		return append(binary.BigEndian.AppendUint64(append(b, 't'), uint64(len(v))), v...), nil
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(b, 'b'), uint64(len(v))), v...), nil
	}
	return nil, fmt.Errorf("a value is a %T", value)
}
