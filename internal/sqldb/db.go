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
	// ErrNestedTx is returned for a transaction that is begun inside another one. The inner
	// transaction would wait for the end of the outer one, and so for itself.
	ErrNestedTx = errors.New("a transaction was begun within another one")
)

// DB is an open database. The Open functions of packages sqlite and postgres return it.
type DB struct {
	Querier // runs statements outside of transactions
	Writer
	Location string                      // names the database in messages; has no secrets
	Clock    func() time.Time            // current time, the same for all servers of the database
	Shrink   func(context.Context) error // frees SQLite's cached pages; nil on PostgreSQL
	Closers  []func() error              // Close calls them in order after it has closed the Writer
}

// Writer runs transactions.
type Writer interface {
	// Write runs f in one transaction, which is durable when Write returns nil. The transaction is
	// rolled back if f fails or panics, or if ctx ends before f returns. Write may run f more than
	// once, so f must have no effects outside of tx.
	Write(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error
	// Close waits for the transactions under way and refuses new ones.
	Close() error
}

// Close waits for the transactions under way and closes the database.
func (db *DB) Close() error {
	errs := []error{db.Writer.Close()}
	for _, closer := range db.Closers {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

// DropCaches shrinks SQLite's page caches; on PostgreSQL it does nothing. An idle server calls it
// to use less memory.
func (db *DB) DropCaches(ctx context.Context) error {
	if db.Shrink == nil {
		return nil
	}
	return db.Shrink(ctx)
}

// Tx is one transaction. Once a statement has failed, except with [sql.ErrNoRows], Tx runs no more
// statements. The engine may have rolled the transaction back, and would then commit each later
// statement by itself.
type Tx struct {
	Querier
	err error
}

// NewTx returns a transaction that runs its statements through q.
func NewTx(q Querier) *Tx {
	tx := &Tx{Querier: q}
	tx.failed = &tx.err
	return tx
}

// Err returns the first failure of a statement in the transaction, or nil.
func (t *Tx) Err() error { return t.err }

type txKey struct{}

// WithTx returns the context for code that runs inside a transaction. [Writer.Write] refuses this
// context with [ErrNestedTx].
func WithTx(ctx context.Context) context.Context { return context.WithValue(ctx, txKey{}, true) }

// InTx reports whether ctx comes from [WithTx].
func InTx(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

// Protect runs f. If f panics, Protect returns an error with the panic's value and its stack.
func Protect(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}
