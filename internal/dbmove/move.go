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
	// ErrTargetUsed means that the target has data that no unfinished move has copied to it.
	ErrTargetUsed = errors.New("the target of the move has data already")
	// ErrOtherMove means that the target holds a part of the data of another source.
	ErrOtherMove = errors.New("the target has a part of another database, moved from elsewhere")
	// ErrInUse means that a server, or another move, uses the source or the target.
	ErrInUse = errors.New("the database is in use")
	// ErrDiffers means that the verification found a difference between the source and the target.
	ErrDiffers = errors.New("the target is not equal to the source")
)

// Place is the location of a database: PostgreSQL if Postgres has a URL, else the SQLite database
// in Directory.
type Place struct {
	Directory string
	Postgres  postgres.Config
}

// Table summarizes the rows of a moved table. The source and the target have the same summary.
type Table struct {
	Name   string
	Rows   int64
	Sum    [32]byte // SHA-256 of all rows in the order of their keys
	LastID int64    // highest id that the table ever had; 0 if its ids are not generated
}

// String describes the table for an error.
func (t Table) String() string {
	return fmt.Sprintf("%d rows of sum %x… and ids up to %d", t.Rows, t.Sum[:4], t.LastID)
}

// Progress reports the progress of a move in one table: Rows of Total rows are done.
type Progress struct {
	Verifying   bool // false while the move still copies
	Table       string
	Rows, Total int64
}

// Move copies all data from the database source to the database target. It then verifies the copy:
// it reads both databases again and compares them. It does not change the source.
//
// The target must be empty, or hold a part of an interrupted move of the same source. Move then
// continues that move. Move creates a missing SQLite file. Until the copy is verified, the target
// can't be opened: opening fails with [sqldb.ErrUnfinishedMove].
//
// Move calls accept with the check values of the source's server keys. If accept fails, Move
// returns its error. Move calls progress after each batch, from one goroutine. For an SQLite
// database the caller must make sure that no server uses it; for PostgreSQL Move checks this.
//
// If the source can't be moved, Move fails with [ErrNotSetUp], fs.ErrNotExist,
// [sqldb.ErrNewerSchema] or [sqldb.ErrOlderSchema]. If the target can't be used, Move fails with
// [ErrTargetUsed] or [ErrOtherMove]. It fails with [ErrInUse] while a server uses either database,
// and with [ErrDiffers] if the copy differs from the source.
func Move(
	ctx context.Context, source, target Place, accept func([]keyring.Check) error, progress func(Progress),
) ([]Table, error) {
	m := &mover{accept: accept, progress: progress, batchRows: maxBatchRows}
	return m.move(ctx, source, target)
}

// mover is a move under way.
type mover struct {
	source, target *endpoint
	accept         func([]keyring.Check) error
	progress       func(Progress)
	batchRows      int // largest number of rows in a batch
}

// move opens both databases and runs the move. It opens the target only after accept has accepted
// the source.
func (m *mover) move(ctx context.Context, source, target Place) (_ []Table, err error) {
	name := newApplicationName()
	if m.source, err = openSource(ctx, source, name); err != nil {
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
	if m.target, err = openTarget(ctx, target, name); err != nil {
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
	// A server that starts from now on refuses the target, since markTarget has marked it. Check
	// for servers that have started before.
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

// schema returns the tables of the target. It fails unless the source has the same tables.
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

// markTarget marks an empty target: it creates the table [sqldb.UnfinishedMoveTable] with the
// identity of the source. In a target that is marked already, it checks that the mark has the same
// identity.
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
