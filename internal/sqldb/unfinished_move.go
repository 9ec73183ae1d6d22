package sqldb

import (
	"context"
	"database/sql"
	"errors"
)

// UnfinishedMoveTable is the table that marks a database as the target of a move until the move is
// complete and verified. It names the source.
const UnfinishedMoveTable = "unfinished_move"

// ErrUnfinishedMove means that a database holds only a part of the data that is moved to it.
var ErrUnfinishedMove = errors.New("the database is the target of a move that was not finished")

// RefuseUnfinishedMove fails with [ErrUnfinishedMove] for the target of a move.
func RefuseUnfinishedMove(ctx context.Context, db *sql.DB, d *Dialect) error {
	unfinished, err := HasTable(ctx, db, d, UnfinishedMoveTable)
	if err == nil && unfinished {
		err = ErrUnfinishedMove
	}
	return err
}

// HasTable reports whether a database has a table.
func HasTable(ctx context.Context, db *sql.DB, d *Dialect, name string) (bool, error) {
	var n int
	err := db.QueryRowContext(ctx, d.HasTable, name).Scan(&n)
	return n > 0, err
}
