package sqldb

import (
	"context"
	"database/sql"
)

// Conn runs statements on a pool of connections, on one connection, or in a transaction.
type Conn interface {
	// Exec runs a statement and returns the number of rows that it changed.
	Exec(ctx context.Context, query string, args ...any) (int, error)
	// Query runs a statement that returns rows. The caller must close the rows before the next
	// statement.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// ExecDeferred runs a statement at once or later: at the latest with the next Exec or Query, or
	// at the end of the transaction. That later call may return the error of the deferred
	// statement.
	ExecDeferred(ctx context.Context, query string, args ...any) error
}

// Row is one row of a result.
type Row interface{ Scan(dest ...any) error }

// Rows is the part of [sql.Rows] that a [Querier] uses.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close() error
}

// Executor is the part of [sql.DB], [sql.Conn] and [sql.Tx] that [Immediate] uses.
type Executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Immediate is a [Conn] that runs every statement at once. Its ExecDeferred does not defer.
type Immediate struct{ DB Executor }

// Exec implements [Conn].
func (i Immediate) Exec(ctx context.Context, query string, args ...any) (int, error) {
	result, err := i.DB.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Query implements [Conn].
func (i Immediate) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	rows, err := i.DB.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err // rows is a nil *sql.Rows, which would become a non-nil interface
	}
	return rows, nil
}

// ExecDeferred implements [Conn].
func (i Immediate) ExecDeferred(ctx context.Context, query string, args ...any) error {
	_, err := i.Exec(ctx, query, args...)
	return err
}
