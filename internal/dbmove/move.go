package dbmove

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// Limits of one batch, and so of the memory that a move takes.
const (
	maxBatchRows  = 5000
	maxBatchBytes = 4 << 20
)

var (
	// ErrNotSetUp means that no server has set up the source.
	ErrNotSetUp = errors.New("the database was never set up")
	// ErrTargetUsed means that the target has data of its own.
	ErrTargetUsed = errors.New("the target of the move has data already")
	// ErrOtherMove means that the target has a part of another source.
	ErrOtherMove = errors.New("the target has a part of another database, moved from elsewhere")
	// ErrInUse means that a server, or another move, uses the source or the target.
	ErrInUse = errors.New("the database is in use")
	// ErrDiffers means that the data that was read back differs from that of the source.
	ErrDiffers = errors.New("the target is not equal to the source")
)

// Place says where a database is: at Postgres if that has a URL, else SQLite's in Directory.
type Place struct {
	Directory string
	Postgres  postgres.Config
}

// Table describes the rows of a table, which are equal in the source and the target.
type Table struct {
	Name   string
	Rows   int64
	Sum    [32]byte // SHA-256 of all rows in the order of their keys
	LastID int64    // the highest id that was ever given; 0 if the database gives no ids
}

// String describes the table for an error.
func (t Table) String() string {
	return fmt.Sprintf("%d rows of sum %x… and ids up to %d", t.Rows, t.Sum[:4], t.LastID)
}

// Progress says how far a move is with a table.
type Progress struct {
	Verifying bool // false while it copies
	Table     string
	Rows, Of  int64
}

// Move copies all data of the database from to the database to, and verifies it by reading both
// again. It does not change from. to must be empty or hold a part of the same move, which Move then
// continues; Move creates a file that does not exist. Until the move is verified, opening to fails
// with [sqldb.ErrUnfinishedMove].
//
// Move calls accept with the checks of the server key of the data, and returns its error. It calls
// progress after each batch, from one goroutine. The caller makes sure that no server uses a
// directory; for PostgreSQL Move checks that.
//
// Move fails with [ErrNotSetUp], fs.ErrNotExist, [sqldb.ErrNewerSchema] or [sqldb.ErrOlderSchema]
// for from, with [ErrTargetUsed] or [ErrOtherMove] for to, and with [ErrInUse] or [ErrDiffers].
func Move(
	ctx context.Context, from, to Place, accept func([]keyring.Check) error, progress func(Progress),
) ([]Table, error) {
	m := &mover{accept: accept, progress: progress, batchRows: maxBatchRows}
	return m.move(ctx, from, to)
}

// mover is a move under way.
type mover struct {
	source, target *endpoint
	accept         func([]keyring.Check) error
	progress       func(Progress)
	batchRows      int // largest number of rows in a batch
}

// move opens both databases, the target only after the source is accepted.
func (m *mover) move(ctx context.Context, from, to Place) (_ []Table, err error) {
	name := newApplicationName()
	if m.source, err = openSource(ctx, from, name); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.source.db.Close()) }()
	if err := m.source.refuseOthers(ctx); err != nil {
		return nil, err
	}
	checks, err := m.source.keyChecks(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(checks) == 0:
		return nil, ErrNotSetUp
	}
	if err := m.accept(checks); err != nil {
		return nil, err
	}
	if m.target, err = openTarget(ctx, to, name); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.target.db.Close()) }()
	return m.run(ctx)
}

func (m *mover) run(ctx context.Context) ([]Table, error) {
	schema, err := m.schema(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.markTarget(ctx, schema); err != nil {
		return nil, err
	}
	// A server that is started on the target from now on finds the mark. Check for earlier ones.
	if err := m.target.refuseOthers(ctx); err != nil {
		return nil, err
	}
	if err := m.copy(ctx, schema); err != nil {
		return nil, err
	}
	moved, err := m.verify(ctx, schema)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(m.source.refuseOthers(ctx), m.target.refuseOthers(ctx)); err != nil {
		return nil, err
	}
	_, err = m.target.db.ExecContext(ctx, "DROP TABLE "+sqldb.UnfinishedMoveTable)
	return moved, err
}

// schema returns the tables of the target, and fails unless the source has the same.
func (m *mover) schema(ctx context.Context) ([]tableSchema, error) {
	target, err := m.target.schema(ctx)
	if err != nil {
		return nil, err
	}
	source, err := m.source.schema(ctx)
	if err != nil {
		return nil, err
	}
	return target, compareSchemas(source, target)
}

// markTarget marks an empty target as that of this move, or checks the mark of a target that has
// one.
func (m *mover) markTarget(ctx context.Context, schema []tableSchema) error {
	identity, err := m.source.identity(ctx, schema)
	if err != nil {
		return err
	}
	marked, err := sqldb.HasTable(ctx, m.target.db, m.target.dialect, sqldb.UnfinishedMoveTable)
	if err != nil {
		return err
	}
	if marked {
		var source string
		row := m.target.db.QueryRowContext(ctx, "SELECT source FROM "+sqldb.UnfinishedMoveTable)
		if err := row.Scan(&source); err != nil {
			return err
		}
		if source != identity {
			return ErrOtherMove
		}
		return nil
	}
	tx, err := m.target.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for i := range schema {              // delete the rows that the migrations have inserted
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+quote(schema[len(schema)-1-i].name)); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+sqldb.UnfinishedMoveTable+" (source TEXT NOT NULL)"); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO "+sqldb.UnfinishedMoveTable+" (source) VALUES ($1)", identity)
	if err != nil {
		return err
	}
	return tx.Commit()
}
