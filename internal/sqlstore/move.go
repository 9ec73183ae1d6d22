package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// Bounds of what is moved at once, and so of the memory that a move takes.
const (
	maxMoveRows  = 5000
	maxMoveBytes = 4 << 20
)

var (
	// ErrUnfinishedMove means that a database has a part of what is moved to it.
	ErrUnfinishedMove = errors.New("the database is the target of a move that was not finished")
	// ErrMoveTargetUsed means that the target of a move has data of its own.
	ErrMoveTargetUsed = errors.New("the target of the move has data already")
	// ErrOtherMove means that the target has a part of another database.
	ErrOtherMove = errors.New("the target has a part of another database, moved from elsewhere")
	// ErrMoveInUse means that a server, or another move, uses a database of the move.
	ErrMoveInUse = errors.New("the database is in use")
	// ErrMoveDiffers means that what was read back is not what the source has.
	ErrMoveDiffers = errors.New("the target is not equal to the source")
)

// Place is where a database is: in a directory (SQLite), or where the URL of
// Postgres says, if there is one.
type Place struct {
	Directory string
	Postgres  Postgres
}

// MovedTable is what the rows of a table were found to be, on both sides.
type MovedTable struct {
	Name    string
	Rows    int64
	Sum     [32]byte // SHA-256 of all rows in the order of their keys
	Highest int64    // id that was ever given, 0 where there are none
}

// MoveProgress is how far a move is with a table.
type MoveProgress struct {
	Verifying bool // copying before that
	Table     string
	Rows, Of  int64
}

// Move copies all that the database from has to the database to, and proves it by
// reading both again. from is not changed. to must be empty, and is made where it is
// a file; or it has a part of the same move, which then goes on. Until all is there
// and proved no store opens it: that fails with [ErrUnfinishedMove].
//
// accept is asked whether the server's key is the one that the data was written
// with, and tell is told of every batch, from one goroutine. Whoever calls has
// seen to it that no server uses a directory; with PostgreSQL Move finds out.
//
// Move fails with account.ErrNotSetUp, fs.ErrNotExist, [ErrNewerSchema] or
// [ErrOlderSchema] for from, and with the failures above.
func Move(ctx context.Context, from, to Place, accept func([]keyring.Check) error, tell func(MoveProgress)) ([]MovedTable, error) {
	m := &move{accept: accept, tell: tell, rows: maxMoveRows}
	return m.between(ctx, from, to)
}

// move is one under way.
type move struct {
	source, target *moveSide
	accept         func([]keyring.Check) error
	tell           func(MoveProgress)
	rows           int // in a batch at most
}

// between opens both sides, the target only when all is well with the source.
func (m *move) between(ctx context.Context, from, to Place) (_ []MovedTable, err error) {
	if m.source, err = openMoveSource(ctx, from); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.source.db.Close()) }()
	if err := m.source.alone(ctx); err != nil {
		return nil, err
	}
	db := queries{db: direct{m.source.db}, rare: direct{m.source.db}, dialect: m.source.dialect}
	checks, err := reader{db}.KeyChecks(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(checks) == 0:
		return nil, service.ErrNotSetUp
	}
	if err := m.accept(checks); err != nil {
		return nil, err
	}
	if m.target, err = openMoveTarget(ctx, to); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.target.db.Close()) }()
	return m.run(ctx)
}

func (m *move) run(ctx context.Context) ([]MovedTable, error) {
	tables, err := m.tables(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.begin(ctx, tables); err != nil {
		return nil, err
	}
	// Whoever comes to the target after this finds it marked.
	if err := m.target.alone(ctx); err != nil {
		return nil, err
	}
	if err := m.copy(ctx, tables); err != nil {
		return nil, err
	}
	moved, err := m.verify(ctx, tables)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(m.source.alone(ctx), m.target.alone(ctx)); err != nil {
		return nil, err
	}
	_, err = m.target.db.ExecContext(ctx, "DROP TABLE "+unfinishedMove)
	return moved, err
}

// tables are those of the target, which are as those of the source.
func (m *move) tables(ctx context.Context) ([]moveTable, error) {
	tables, err := m.target.tables(ctx)
	if err != nil {
		return nil, err
	}
	theirs, err := m.source.tables(ctx)
	if err != nil {
		return nil, err
	}
	return tables, equalTables(theirs, tables)
}

// begin marks an empty target as that of this move, or finds it marked so.
func (m *move) begin(ctx context.Context, tables []moveTable) error {
	identity, err := m.source.identity(ctx, tables)
	if err != nil {
		return err
	}
	begun, err := hasTable(ctx, m.target.db, m.target.dialect, unfinishedMove)
	if err != nil {
		return err
	}
	if begun {
		var of string
		if err := m.target.db.QueryRowContext(ctx, "SELECT source FROM "+unfinishedMove).Scan(&of); err != nil {
			return err
		}
		if of != identity {
			return ErrOtherMove
		}
		return nil
	}
	tx, err := m.target.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for i := range tables {              // what the migrations have put in
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+quote(tables[len(tables)-1-i].name)); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+unfinishedMove+" (source TEXT NOT NULL)"); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO "+unfinishedMove+" (source) VALUES ($1)", identity); err != nil {
		return err
	}
	return tx.Commit()
}

// copy copies the rows that the target does not have yet. They come in the order of
// their keys, in batches that are there as a whole or not at all: so what is there
// tells where to go on.
func (m *move) copy(ctx context.Context, tables []moveTable) error {
	snapshot, err := m.source.snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = snapshot.Rollback() }()
	for _, t := range tables {
		if err := m.copyTable(ctx, snapshot, t); err != nil {
			return fmt.Errorf("copy the table %s: %w", t.name, err)
		}
	}
	return nil
}

func (m *move) copyTable(ctx context.Context, snapshot sqlRunner, t moveTable) error {
	progress := MoveProgress{Table: t.name}
	var err error
	if progress.Of, err = number(ctx, snapshot, "SELECT count(*) FROM "+quote(t.name)); err != nil {
		return err
	}
	if progress.Rows, err = number(ctx, m.target.db, "SELECT count(*) FROM "+quote(t.name)); err != nil {
		return err
	}
	last, err := m.target.lastKey(ctx, t)
	if err != nil {
		return err
	}
	b := batch{full: m.rows, insert: func(rows [][]any) error {
		if err := m.target.engine.insert(ctx, m.target.db, t, rows); err != nil {
			return err
		}
		progress.Rows += int64(len(rows))
		m.tell(progress)
		return nil
	}}
	if err := m.source.rows(ctx, snapshot, t, last, b.add); err != nil {
		return err
	}
	if err := b.flush(); err != nil || t.counter == "" {
		return err
	}
	highest, err := m.source.highest(ctx, snapshot, t)
	if err != nil || highest == 0 {
		return err
	}
	return m.target.engine.raise(ctx, m.target.db, t, highest)
}

// batch gathers rows until there are many, or much.
type batch struct {
	full   int // rows
	insert func([][]any) error
	rows   [][]any
	bytes  int
}

func (b *batch) add(row []any) error {
	b.rows, b.bytes = append(b.rows, row), b.bytes+sizeOf(row)
	if len(b.rows) < b.full && b.bytes < maxMoveBytes {
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

// verify reads all of both sides once more, at the same time, and compares. The
// source is read as it is now: what has changed since it was copied shows too.
func (m *move) verify(ctx context.Context, tables []moveTable) ([]MovedTable, error) {
	var (
		wanted, got        []MovedTable
		sourceErr, wentBad error
		work               sync.WaitGroup
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	work.Go(func() {
		if got, wentBad = m.target.sums(ctx, tables, func(MoveProgress) {}); wentBad != nil {
			cancel()
		}
	})
	if wanted, sourceErr = m.source.sums(ctx, tables, m.tell); sourceErr != nil {
		cancel()
	}
	work.Wait()
	if err := errors.Join(sourceErr, wentBad); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	var faults []error
	for i, w := range wanted {
		if g := got[i]; g != w {
			faults = append(faults, fmt.Errorf("%w: the table %s has %s there, and %s in the source", ErrMoveDiffers, w.Name, g, w))
		}
	}
	return wanted, errors.Join(faults...)
}

// String describes a table in a failure.
func (t MovedTable) String() string {
	return fmt.Sprintf("%d rows of sum %x… and ids up to %d", t.Rows, t.Sum[:4], t.Highest)
}
