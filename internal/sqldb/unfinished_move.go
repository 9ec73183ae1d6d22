package sqldb

import (
	"context"
	"database/sql"
	"errors"
)

// UnfinishedMoveTable is the name of a table that marks a database as the target of a move. It
// exists until the move is complete and verified, and its only row identifies the source.
const UnfinishedMoveTable = "unfinished_move"

// ErrUnfinishedMove means that the move to a database has not finished, so the database may hold
// only a part of the data.
var ErrUnfinishedMove = errors.New("the database is the target of a move that was not finished")

// RefuseUnfinishedMove fails with [ErrUnfinishedMove] if the database is the target of an
// unfinished move.
func RefuseUnfinishedMove(ctx context.Context, db *sql.DB, d *Dialect) error {
	unfinished, err := HasTable(ctx, db, d, UnfinishedMoveTable)
	if err == nil && unfinished {
		err = ErrUnfinishedMove
	}
	return err
}

// HasTable reports whether the database has a table with the name.
func HasTable(ctx context.Context, db *sql.DB, d *Dialect, name string) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, d.HasTable, name).Scan(&n)
	return n > 0, err
}
