package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// Limits of retries after a conflict with another transaction.
const (
	maxAttempts  = 5
	conflictWait = 10 * time.Millisecond // before the second attempt, on average; it doubles
)

// writer runs each write in a transaction of its own, at READ COMMITTED. Callers lock the rows that
// they decide by.
type writer struct{ db *sql.DB }

var _ sqldb.Writer = (*writer)(nil)

// Write implements [sqldb.Writer].
func (w *writer) Write(ctx context.Context, f func(context.Context, *sqldb.Tx) error) error {
	if sqldb.InTx(ctx) {
		return sqldb.ErrNestedTx
	}
	wait := conflictWait
	for attempt := 1; ; attempt++ {
		err, retry := w.attempt(ctx, f)
		if !retry || attempt == maxAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.Int64N(2 * int64(wait)))):
		}
		wait *= 2
	}
}

// attempt runs f once. retry means that the transaction ended by a conflict, has changed nothing,
// and may succeed the next time.
func (w *writer) attempt(callerCtx context.Context, f func(context.Context, *sqldb.Tx) error) (err error, retry bool) {
	if err := callerCtx.Err(); err != nil {
		return err, false
	}
	deadline := time.Now().Add(sqldb.MaxTxTime)
	connCtx, stop := context.WithDeadlineCause(callerCtx, deadline, sqldb.ErrTimeout)
	defer stop()
	conn, err := w.db.Conn(connCtx)
	if err != nil {
		return dialect.TranslateError(sqldb.CheckTimeout(connCtx, err)), false
	}
	defer conn.Close() // idle: the transaction has ended
	// As on SQLite, a transaction that has begun outlives its caller's context: cancelling a
	// statement would cost the connection. It is cancelled when it takes too long.
	txCtx := sqldb.WithTx(context.WithoutCancel(callerCtx))
	ctx, cancel := context.WithDeadlineCause(txCtx, deadline, sqldb.ErrTimeout)
	defer cancel()
	err = dialect.TranslateError(sql.ErrConnDone) // if Raw doesn't call the function
	_ = conn.Raw(func(driverConn any) error {
		p := newPipeline(driverConn.(*stdlib.Conn).Conn())
		err, retry = transact(ctx, callerCtx, p, f)
		// A connection that can't be reused may hold locks, so close it now and not when it is next
		// taken from the pool. Close one to a standby too: a new one finds the new primary.
		if !p.rollback(ctx) || isReadOnly(err) {
			return driver.ErrBadConn
		}
		return nil
	})
	return err, retry
}

func isReadOnly(err error) bool {
	if err == nil {
		return false
	}
	class, _ := classify(err)
	return class == sqldb.ReadOnly
}

// transact runs f in a transaction. It leaves a transaction that fails open.
func transact(
	ctx, callerCtx context.Context, p *pipeline, f func(context.Context, *sqldb.Tx) error,
) (err error, retry bool) {
	tx := sqldb.NewTx(sqldb.Querier{Conn: p, Unprepared: p, Dialect: dialect})
	err = sqldb.Protect(func() error { return f(ctx, tx) })
	for _, other := range []error{tx.Err(), callerCtx.Err(), ctx.Err()} {
		if err == nil {
			err = other
		}
	}
	if err != nil {
		return sqldb.CheckTimeout(ctx, err), errors.Is(tx.Err(), sqldb.ErrConflict)
	}
	err = p.commit(ctx)
	if err == nil {
		return nil, false
	}
	// An error that isn't FATAL answers the COMMIT: nothing was kept. A fatal one ends the
	// connection, and may come after the commit.
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.SeverityUnlocalized == "ERROR" {
		err = dialect.TranslateError(err)
		return err, errors.Is(err, sqldb.ErrConflict)
	}
	return sqldb.UnknownOutcome(err), false
}

// Close implements [sqldb.Writer]. There is nothing to end: a transaction holds its connection, and
// closing the pool waits for it.
func (*writer) Close() error { return nil }
