package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// queries runs statements for reader and tx and gives their failures a meaning.
type queries struct {
	db runner
	// rare runs what comes in so many forms that keeping each prepared would cost
	// more memory than it saves time.
	rare    runner
	dialect *dialect
	// patience is how long a statement may take; 0: as long as its caller waits.
	patience time.Duration
	// watched says that a statement may take long, and is given up when its caller goes
	// away. Others are short where the database is in this process: to watch each of them
	// costs two goroutines, which is more than most of them take.
	watched bool
	// failed is the first failure in a transaction, nil outside of one. Nothing
	// runs after it: engines may have ended the transaction by themselves, and
	// would then keep what follows.
	failed *error
}

// atLength runs statements that may take long.
func (q queries) atLength() queries {
	q.watched = true
	return q
}

// begin prepares for a statement: it fails in a transaction that has failed, and for a
// caller who has gone away, and limits the time of what comes.
func (q queries) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if q.failed != nil && *q.failed != nil {
		return ctx, func() {}, *q.failed
	}
	if q.dialect.local && !q.watched {
		return context.WithoutCancel(ctx), func() {}, q.meaning(ctx, ctx.Err())
	}
	if q.patience == 0 {
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, q.patience, errPatience)
	return ctx, cancel, nil
}

func (q queries) meaning(ctx context.Context, err error) error {
	err = q.dialect.meaning(inTime(ctx, err))
	if q.failed != nil && err != nil && !errors.Is(err, account.ErrNotFound) {
		*q.failed = err
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (q queries) exec(ctx context.Context, query string, args ...any) (int, error) {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return 0, err
	}
	trace(ctx, query, args)
	n, err := q.db.exec(ctx, query, args...)
	return n, q.meaning(ctx, err)
}

// run is exec for statements that may change any number of rows, and are not expected to
// fail by themselves: in a transaction the failure of one may come with a later statement, or
// with the end. The last of a transaction wait for nothing that others hold, which would
// delay its commit beyond the time in which others look for it: what they change was locked
// before, and something read behind the lock.
func (q queries) run(ctx context.Context, query string, args ...any) error {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return err
	}
	trace(ctx, query, args)
	return q.meaning(ctx, q.db.later(ctx, query, args...))
}

// runOne is exec for statements that must change one row; it fails with
// account.ErrNotFound when there is none.
func (q queries) runOne(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return account.ErrNotFound
	}
	return err
}

// errPatience is why a statement was given up that took too long.
var errPatience = errors.New("the database took too long")

// inTime returns the failure of something done within ctx, which says so if it was
// given up there.
func inTime(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, errPatience) || !errors.Is(context.Cause(ctx), errPatience) {
		return err
	}
	return tookTooLong(err)
}

// tookTooLong is the failure of what was given up while its caller would still wait.
func tookTooLong(err error) error { return unavailable(fmt.Errorf("%w: %w", errPatience, err)) }

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// one reads the only row, or fails with account.ErrNotFound.
func one[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var zero T
	rows, err := rowsOf(ctx, q, q.db, scan, func(T) bool { return true }, query, args...)
	switch {
	case err != nil:
		return zero, err
	case len(rows) == 0:
		return zero, account.ErrNotFound
	}
	return rows[0], nil
}

// all reads every row.
func all[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	return rowsOf(ctx, q, q.db, scan, nil, query, args...)
}

// allOnce is all for a statement that comes in many forms.
func allOnce[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	return rowsOf(ctx, q.atLength(), q.rare, scan, nil, query, args...)
}

// rowsOf reads the rows of a statement up to one that is enough; nil: all. A read that met
// something else is made once more; in a transaction that is its writer's task.
func rowsOf[T any](ctx context.Context, q queries, db runner, scan func(scanner) (T, error), enough func(T) bool, query string, args ...any) ([]T, error) {
	list, err := tryRowsOf(ctx, q, db, scan, enough, query, args...)
	if q.failed == nil && errors.Is(err, errConflict) {
		return tryRowsOf(ctx, q, db, scan, enough, query, args...)
	}
	return list, err
}

func tryRowsOf[T any](ctx context.Context, q queries, db runner, scan func(scanner) (T, error), enough func(T) bool, query string, args ...any) ([]T, error) {
	ctx, cancel, err := q.begin(ctx)
	defer cancel()
	if err != nil {
		return nil, err
	}
	trace(ctx, query, args)
	rows, err := db.query(ctx, query, args...)
	if err != nil {
		return nil, q.meaning(ctx, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, q.meaning(ctx, err)
		}
		if list = append(list, row); enough != nil && enough(row) {
			break
		}
	}
	if err := rows.Err(); err != nil {
		return nil, q.meaning(ctx, err)
	}
	return list, q.meaning(ctx, rows.Close())
}

// scanInt reads a row of one number.
func scanInt(row scanner) (n int64, err error) { return n, row.Scan(&n) }

// micros is how a time is stored: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// micro scans a stored time.
type micro struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m micro) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return errors.New("a stored time is not a number")
	}
	*m.to = time.Time{}
	if n != 0 {
		*m.to = time.UnixMicro(n).UTC()
	}
	return nil
}

// blob scans bytes that may be NULL. Empty is not NULL, though the SQLite driver
// hands out a nil slice for both.
type blob struct{ to *[]byte }

// Scan implements sql.Scanner.
func (b blob) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*b.to = nil
	case []byte:
		*b.to = append([]byte{}, v...) // the driver may use v again
	default:
		return errors.New("stored bytes are not bytes")
	}
	return nil
}

// notNull makes empty bytes of none, for a column that cannot be NULL.
func notNull(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}
