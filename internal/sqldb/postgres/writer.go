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
	conflictWait = 10 * time.Millisecond // average wait before the second attempt; doubles at each attempt
)

// writer runs each call of Write in its own transaction at the isolation level READ COMMITTED.
// Callers must therefore lock the rows that their decisions depend on.
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

// attempt runs f once in a transaction. retry is true if a conflict rolled the transaction back, so
// that another attempt may succeed.
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
	defer conn.Close() // returns the connection to the pool; its transaction has ended
	// As on SQLite, only the deadline interrupts a statement, not the end of the caller's context: pgx
	// would have to close the connection.
	txCtx := sqldb.WithTx(context.WithoutCancel(callerCtx))
	ctx, cancel := context.WithDeadlineCause(txCtx, deadline, sqldb.ErrTimeout)
	defer cancel()
	err = dialect.TranslateError(sql.ErrConnDone) // the error if Raw doesn't call the function
	_ = conn.Raw(func(driverConn any) error {
		p := newPipeline(driverConn.(*stdlib.Conn).Conn())
		err, retry = transact(ctx, callerCtx, p, f)
		// A connection that can't be reused may hold locks, so close it now. The pool would close it only
		// at its next use. Also close a connection to a server that became a standby: a new connection
		// finds the new primary.
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

// transact runs f in a transaction and commits it. After a failure the transaction may still be
// open; the caller must roll it back.
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
	// An error of severity ERROR is the reply to COMMIT: the transaction was rolled back. A FATAL
	// error ends the connection and may follow a successful commit, so the outcome is unknown.
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.SeverityUnlocalized == "ERROR" {
		err = dialect.TranslateError(err)
		return err, errors.Is(err, sqldb.ErrConflict)
	}
	return sqldb.UnknownOutcome(err), false
}

// Close implements [sqldb.Writer]. It does nothing: each transaction holds a connection, and
// closing the pool waits for these connections.
func (*writer) Close() error { return nil }
