package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// moveSide is a database that is moved from or to.
type moveSide struct {
	name    string // for people
	db      *sql.DB
	dialect *dialect
	engine  moveEngine
}

// moveEngine is what a move needs of an engine.
type moveEngine interface {
	// columns is a query for the columns of all tables: table, column, type, whether
	// it is in the primary key, and whether the database counts its ids; those of a key in its order.
	columns() string
	// references is a query for the foreign keys: table, table referred to.
	references() string
	// bytewise makes a text sort byte by byte.
	bytewise() string
	// insert adds rows, all or none.
	insert(ctx context.Context, db *sql.DB, t moveTable, rows [][]any) error
	// highest returns the highest id that the counter of a table has given.
	highest(ctx context.Context, from sqlRunner, t moveTable) (int64, error)
	// raise makes a counter go on behind an id.
	raise(ctx context.Context, db *sql.DB, t moveTable, id int64) error
	// alone fails with ErrMoveInUse where others use the database, if it can know.
	alone(ctx context.Context, db *sql.DB) error
}

// openMoveSource opens a database that is only read.
func openMoveSource(ctx context.Context, p Place) (*moveSide, error) {
	if p.Postgres.URL.Empty() {
		return openSQLiteSource(ctx, p.Directory)
	}
	return openPostgresSide(ctx, p.Postgres, false)
}

// openMoveTarget opens a database that has no data, or a part of a move, and
// brings its schema up to this release's.
func openMoveTarget(ctx context.Context, p Place) (*moveSide, error) {
	if p.Postgres.URL.Empty() {
		return openSQLiteTarget(ctx, p.Directory)
	}
	return openPostgresSide(ctx, p.Postgres, true)
}

// refuseUsed fails with ErrMoveTargetUsed for a database that was set up, and not
// by a move.
func refuseUsed(ctx context.Context, db *sql.DB, d *dialect) error {
	if unfinished, err := hasTable(ctx, db, d, unfinishedMove); unfinished || err != nil {
		return err
	}
	for _, table := range []string{"key_checks", "users"} {
		there, err := hasTable(ctx, db, d, table)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		rows, err := number(ctx, db, "SELECT count(*) FROM "+table)
		if err != nil {
			return err
		}
		if rows > 0 {
			return ErrMoveTargetUsed
		}
	}
	return nil
}

// snapshot begins a transaction that sees the database as it is now.
func (s *moveSide) snapshot(ctx context.Context) (*sql.Tx, error) {
	return s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

// alone fails with ErrMoveInUse where others use the database.
func (s *moveSide) alone(ctx context.Context) error {
	if err := s.engine.alone(ctx, s.db); err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// rows gives each row behind a key, or all if there is none, in the order of keys.
// Whatever the engine, a boolean is a number.
func (s *moveSide) rows(ctx context.Context, from sqlRunner, t moveTable, behind []any, each func([]any) error) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	rows, err := from.QueryContext(ctx, t.selection(s.engine.bytewise(), behind != nil), behind...)
	if err != nil {
		cancel()
		return err
	}
	defer func() {
		cancel() // or else closing reads what is left
		err = errors.Join(err, rows.Close())
	}()
	for rows.Next() {
		row, err := scanRow(rows, len(t.columns))
		if err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// lastKey returns the last key of a table, nil where it is empty.
func (s *moveSide) lastKey(ctx context.Context, t moveTable) ([]any, error) {
	key, err := scanRow(s.db.QueryRowContext(ctx, t.lastKey(s.engine.bytewise())), len(t.key))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return key, err
}

func scanRow(from scanner, columns int) ([]any, error) {
	row, to := make([]any, columns), make([]any, columns)
	for i := range row {
		to[i] = &row[i]
	}
	if err := from.Scan(to...); err != nil {
		return nil, err
	}
	for i, value := range row {
		switch v := value.(type) {
		case bool:
			row[i] = int64(0)
			if v {
				row[i] = int64(1)
			}
		case []byte:
			row[i] = notNull(v) // a driver hands out nil for empty bytes
		}
	}
	return row, nil
}

// highest returns the highest id of a table that was ever given. A counter may lag
// behind ids that were not its own.
func (s *moveSide) highest(ctx context.Context, from sqlRunner, t moveTable) (int64, error) {
	counted, err := s.engine.highest(ctx, from, t)
	if err != nil {
		return 0, err
	}
	present, err := number(ctx, from, fmt.Sprintf("SELECT COALESCE(max(%s), 0) FROM %s", quote(t.counter), quote(t.name)))
	return max(counted, present), err
}

// identity tells a database from all others: by the keys that it was written with,
// and when each was first used.
func (s *moveSide) identity(ctx context.Context, tables []moveTable) (string, error) {
	i := slices.IndexFunc(tables, func(t moveTable) bool { return t.name == "key_checks" })
	sum, err := s.sum(ctx, s.db, tables[i], func(int64) {})
	return fmt.Sprintf("%x", sum.Sum), err
}

// sums reads all tables as they are now.
func (s *moveSide) sums(ctx context.Context, tables []moveTable, tell func(MoveProgress)) ([]MovedTable, error) {
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = snapshot.Rollback() }()
	var sums []MovedTable
	for _, t := range tables {
		progress := MoveProgress{Verifying: true, Table: t.name}
		if progress.Of, err = number(ctx, snapshot, "SELECT count(*) FROM "+quote(t.name)); err != nil {
			return nil, err
		}
		sum, err := s.sum(ctx, snapshot, t, func(rows int64) {
			if progress.Rows = rows; rows%maxMoveRows == 0 {
				tell(progress)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read the table %s of %s: %w", t.name, s.name, err)
		}
		sums = append(sums, sum)
	}
	return sums, nil
}

// sum reads a table.
func (s *moveSide) sum(ctx context.Context, from sqlRunner, t moveTable, read func(rows int64)) (MovedTable, error) {
	sum := MovedTable{Name: t.name}
	hash := sha256.New()
	var text []byte
	err := s.rows(ctx, from, t, nil, func(row []any) (err error) {
		text = text[:0]
		for _, value := range row {
			if text, err = appendValue(text, value); err != nil {
				return err
			}
		}
		hash.Write(text)
		sum.Rows++
		read(sum.Rows)
		return nil
	})
	if err != nil {
		return sum, err
	}
	hash.Sum(sum.Sum[:0])
	if t.counter != "" {
		sum.Highest, err = s.highest(ctx, from, t)
	}
	return sum, err
}

// appendValue writes a value so that no two rows are written alike.
func appendValue(text []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(text, '-'), nil
	case int64:
		return binary.BigEndian.AppendUint64(append(text, 'i'), uint64(v)), nil
	case string:
		return append(binary.BigEndian.AppendUint64(append(text, 't'), uint64(len(v))), v...), nil
	case []byte:
		return append(binary.BigEndian.AppendUint64(append(text, 'b'), uint64(len(v))), v...), nil
	}
	return nil, fmt.Errorf("a value is a %T", value)
}

// sizeOf returns about how many bytes a row takes.
func sizeOf(row []any) int {
	size := 0
	for _, value := range row {
		size += 16
		switch v := value.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		}
	}
	return size
}

// number reads one number.
func number(ctx context.Context, from sqlRunner, query string, args ...any) (n int64, err error) {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, rows.Err())
}
