package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Querier runs statements on a [Conn], limits their time and classifies their failures.
type Querier struct {
	Conn Conn
	// Unprepared runs statements without preparing them. It is for statements whose text varies
	// with the filters of a list: keeping every variant prepared would take too much memory.
	Unprepared Conn
	Dialect    *Dialect
	// Timeout is how long a statement may take; 0 means until its context ends.
	Timeout time.Duration
	// cancellable makes a statement end with its context on SQLite too. Other statements on SQLite
	// ignore the end of their context: watching a context takes two goroutines, which cost more than
	// most statements.
	cancellable bool
	// failed points to the first failure in the transaction. It is nil outside of a transaction.
	failed *error
}

// Cancellable returns a Querier for statements that may take long: they end with their context on
// both engines.
func (q Querier) Cancellable() Querier {
	q.cancellable = true
	return q
}

// begin returns the context for one statement, with the statement's time limit. It fails if an
// earlier statement of the transaction has failed. It also fails if ctx has ended and the statement
// would run without cancellation.
func (q *Querier) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if q.failed != nil && *q.failed != nil {
		return ctx, func() {}, *q.failed
	}
	if q.Dialect.InProcess && !q.cancellable {
		return context.WithoutCancel(ctx), func() {}, q.translateError(ctx, ctx.Err())
	}
	if q.Timeout == 0 {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, q.Timeout, ErrTimeout)
	return ctx, cancel, nil
}

// translateError classifies err and, in a transaction, records it as the failure of the
// transaction.
func (q *Querier) translateError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = q.Dialect.TranslateError(CheckTimeout(ctx, err))
	if q.failed != nil && !errors.Is(err, sql.ErrNoRows) {
		*q.failed = err
	}
	return err
}

// Exec runs a statement and returns the number of rows that it changed.
func (q *Querier) Exec(ctx context.Context, query string, args ...any) (int, error) {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return 0, err
	}
	trace(ctx, query, args)
	n, err := q.Conn.Exec(ctx, query, args...)
	return n, q.translateError(ctx, err)
}

// ExecDeferred runs a statement like Exec, but does not return the number of changed rows. A
// transaction on PostgreSQL may run the statement later. A later statement or the commit then
// returns its error.
//
// If a transaction ends with deferred statements, they must not wait for locks of other
// transactions. The wait would delay the commit, and other servers could miss the change: see
// slowCommit in package auth. So lock the rows first, and run a query after that lock.
func (q *Querier) ExecDeferred(ctx context.Context, query string, args ...any) error {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return err
	}
	trace(ctx, query, args)
	return q.translateError(ctx, q.Conn.ExecDeferred(ctx, query, args...))
}

// One returns the first row of the result, or fails with [sql.ErrNoRows] if there is none. scan
// reads the columns of the row.
func One[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var zero T
	rows, err := readRows(ctx, q, scan, func(T) bool { return true }, query, args...)
	switch {
	case err != nil:
		return zero, err
	case len(rows) == 0:
		return zero, sql.ErrNoRows
	}
	return rows[0], nil
}

// All returns all rows of the result.
func All[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	return readRows(ctx, q, scan, nil, query, args...)
}

// AllUnprepared is All for a statement whose text varies with its filters. The statement is not
// kept prepared, and it can be cancelled.
func AllUnprepared[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any,
) ([]T, error) {
	q.Conn, q.cancellable = q.Unprepared, true
	return readRows(ctx, q, scan, nil, query, args...)
}

// AllUntil returns the rows up to and including the first one for which isLast returns true.
func AllUntil[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), isLast func(T) bool, query string, args ...any,
) ([]T, error) {
	return readRows(ctx, q, scan, isLast, query, args...)
}

// readRows returns the rows up to and including the first one for which isLast returns true, or all
// rows if isLast is nil. Outside of a transaction it retries once after a conflict. Inside a
// transaction the Writer retries.
func readRows[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), isLast func(T) bool, query string, args ...any,
) ([]T, error) {
	list, err := readRowsOnce(ctx, &q, scan, isLast, query, args...)
	if q.failed == nil && errors.Is(err, ErrConflict) {
		return readRowsOnce(ctx, &q, scan, isLast, query, args...)
	}
	return list, err
}

func readRowsOnce[T any](
	ctx context.Context, q *Querier, scan func(Row) (T, error), isLast func(T) bool, query string, args ...any,
) ([]T, error) {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return nil, err
	}
	trace(ctx, query, args)
	rows, err := q.Conn.Query(ctx, query, args...)
	if err != nil {
		return nil, q.translateError(ctx, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, q.translateError(ctx, err)
		}
		if list = append(list, row); isLast != nil && isLast(row) {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, q.translateError(ctx, err)
	}
	return list, q.translateError(ctx, rows.Close())
}
