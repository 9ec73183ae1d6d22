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
	// Unprepared runs statements without preparing them. They have too many forms: to keep each
	// prepared would cost too much memory.
	Unprepared Conn
	Dialect    *Dialect
	// Timeout is how long a statement may take; 0 means until the context ends.
	Timeout time.Duration
	// cancellable statements may take long and end with their context. The others run without
	// cancellation on an engine in this process: watching a context costs two goroutines, which
	// take longer than most statements.
	cancellable bool
	// failed is the first failure in a transaction; nil outside of one.
	failed *error
}

// Cancellable returns a Querier for statements that may take long: they end with their context
// on every engine.
func (q Querier) Cancellable() Querier {
	q.cancellable = true
	return q
}

// begin prepares for a statement. It fails in a transaction that has failed and for a context that
// has ended, and sets the time limit of the statement.
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

// translateError classifies a failure and notes it in the transaction.
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

// ExecDeferred is Exec for statements that may change any number of rows and are not expected to
// fail. In a transaction the failure of one may be reported by a later statement or by the end.
//
// The last deferred statements of a transaction must not wait for locks of others. That would delay
// the commit beyond the age up to which servers read changes. So lock the rows first, and read
// something after the lock.
func (q *Querier) ExecDeferred(ctx context.Context, query string, args ...any) error {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return err
	}
	trace(ctx, query, args)
	return q.translateError(ctx, q.Conn.ExecDeferred(ctx, query, args...))
}

// One reads the only row, or fails with [sql.ErrNoRows].
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

// All reads every row.
func All[T any](ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	return readRows(ctx, q, scan, nil, query, args...)
}

// AllUnprepared is All for a statement that comes in many forms. It is not kept prepared, and can
// be cancelled.
func AllUnprepared[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), query string, args ...any,
) ([]T, error) {
	q.Conn, q.cancellable = q.Unprepared, true
	return readRows(ctx, q, scan, nil, query, args...)
}

// AllUntil reads the rows up to the first one for which enough returns true.
func AllUntil[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), enough func(T) bool, query string, args ...any,
) ([]T, error) {
	return readRows(ctx, q, scan, enough, query, args...)
}

// readRows reads the rows up to one that is enough, or all if enough is nil. Outside of a
// transaction it retries once after a conflict; inside of one that is the Writer's task.
func readRows[T any](
	ctx context.Context, q Querier, scan func(Row) (T, error), enough func(T) bool, query string, args ...any,
) ([]T, error) {
	list, err := readRowsOnce(ctx, &q, scan, enough, query, args...)
	if q.failed == nil && errors.Is(err, ErrConflict) {
		return readRowsOnce(ctx, &q, scan, enough, query, args...)
	}
	return list, err
}

func readRowsOnce[T any](
	ctx context.Context, q *Querier, scan func(Row) (T, error), enough func(T) bool, query string, args ...any,
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
		if list = append(list, row); enough != nil && enough(row) {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, q.translateError(ctx, err)
	}
	return list, q.translateError(ctx, rows.Close())
}
