package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// MaxTxTime is how long a transaction may take before it is cancelled.
const MaxTxTime = 5 * time.Second

var (
	// ErrClosed is returned for a transaction that is begun after Close.
	ErrClosed = unavailableError(errors.New("the database is closed"))
	// ErrNestedTx is returned for a transaction that is begun inside another one. It would wait
	// for itself.
	ErrNestedTx = errors.New("a transaction was begun within another one")
)

// DB is an open database. The packages sqlite and postgres make it.
type DB struct {
	Querier // runs statements outside of transactions
	Writer
	Location string                      // names the database for people, without secrets
	Clock    func() time.Time            // the time on which all servers of the database agree
	Shrink   func(context.Context) error // frees cached pages; nil if the engine keeps none here
	Closers  []func() error              // called in order by Close, after the Writer is closed
}

// Writer runs transactions.
type Writer interface {
	// Write runs f in one transaction, which is durable when Write returns nil. Nothing is kept
	// if f fails or panics, or if ctx ends before f returns. f may run more than once: it must
	// have no effect but through its transaction.
	Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error
	// Close waits for the transactions under way and refuses new ones.
	Close() error
}

// Close ends the transactions under way and closes the database.
func (db *DB) Close() error {
	errs := []error{db.Writer.Close()}
	for _, closer := range db.Closers {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// DropCaches shrinks the page caches. The server calls it when it is idle.
func (db *DB) DropCaches(ctx context.Context) error {
	if db.Shrink == nil {
		return nil
	}
	return db.Shrink(ctx)
}

// Tx is one transaction. After a statement has failed, other than by [sql.ErrNoRows], no more
// statements run. The engine may have ended the transaction, and would commit later statements by
// themselves.
type Tx struct {
	Querier
	err error
}

// NewTx returns a transaction whose statements run as q says.
func NewTx(q Querier) *Tx {
	tx := &Tx{Querier: q}
	tx.failed = &tx.err
	return tx
}

// Err returns the first failure of a statement in the transaction, or nil.
func (t *Tx) Err() error { return t.err }

type txKey struct{}

// WithTx returns a context that marks the code that it is given to as inside of a transaction.
func WithTx(ctx context.Context) context.Context { return context.WithValue(ctx, txKey{}, true) }

// InTx reports whether ctx is that of a transaction.
func InTx(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

// Protect runs f and returns a panic in it as an error, with its stack.
func Protect(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
