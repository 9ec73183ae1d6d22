package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Bounds of running a transaction again that met another one.
const (
	conflictTries = 5
	conflictWait  = 10 * time.Millisecond // before the second try, on average; it doubles
)

// postgresWriter runs each write in a transaction of its own, READ COMMITTED:
// rules that look before they write lock what they look at.
type postgresWriter struct{ db *sql.DB }

func (w *postgresWriter) write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	if ctx.Value(inJob{}) != nil {
		return errNested
	}
	wait := conflictWait
	for try := 1; ; try++ {
		err, again := w.try(ctx, f)
		if !again || try == conflictTries {
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

// try runs f once. again means that it met another transaction, has changed
// nothing, and may do well the next time.
func (w *postgresWriter) try(caller context.Context, f func(context.Context, account.Tx) error) (err error, again bool) {
	if err := caller.Err(); err != nil {
		return err, false
	}
	deadline := time.Now().Add(jobTime)
	waiting, stop := context.WithDeadlineCause(caller, deadline, errPatience)
	defer stop()
	conn, err := w.db.Conn(waiting)
	if err != nil {
		return postgresDialect.meaning(inTime(waiting, err)), false
	}
	defer conn.Close() // it has nothing under way
	// As on SQLite, a transaction that has begun outlives its caller: breaking a
	// statement off would cost the connection. It is cut when it takes too long.
	ctx, cancel := context.WithDeadlineCause(context.WithValue(context.WithoutCancel(caller), inJob{}, true), deadline, errPatience)
	defer cancel()
	err = postgresDialect.meaning(sql.ErrConnDone) // unless f runs
	_ = conn.Raw(func(driverConn any) error {
		p := newPipeline(driverConn.(*stdlib.Conn).Conn())
		err, again = transact(ctx, caller, p, f)
		// One that may have locks is closed now, not when somebody wants to use it. And one to
		// a standby: a new one finds the server that has taken its place.
		if !p.rollback(ctx) || err != nil && classifyPostgres(err) == faultReadOnly {
			return driver.ErrBadConn
		}
		return nil
	})
	return err, again
}

// transact runs f in a transaction, and leaves one that fails open.
func transact(ctx, caller context.Context, p *pipeline, f func(context.Context, account.Tx) error) (err error, again bool) {
	var failed error
	t := &tx{reader: reader{queries{db: p, rare: p, dialect: postgresDialect, failed: &failed}}}
	if err := cmp.Or(protect(func() error { return f(ctx, t) }), failed, caller.Err(), ctx.Err()); err != nil {
		return inTime(ctx, err), errors.Is(failed, errConflict)
	}
	err = p.commit(ctx)
	if err == nil {
		return nil, false
	}
	// A fatal error ends the connection, and may have come when all was kept.
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.SeverityUnlocalized == "ERROR" {
		err = postgresDialect.meaning(err)
		return err, errors.Is(err, errConflict)
	}
	return unknownOutcome(err), false
}

// close has nothing to end: a transaction holds its connection, and closing the
// pool waits for it.
func (*postgresWriter) close() error { return nil }
