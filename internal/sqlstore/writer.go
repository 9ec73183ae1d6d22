package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Bounds of one commit, and of one transaction's work.
const (
	batchJobs = 128
	batchTime = 2 * time.Millisecond
	jobTime   = 5 * time.Second
	queueJobs = 1024
)

var (
	// errClosed means that a write came after Close.
	errClosed = unavailable(errors.New("the database is closed"))
	// errNested means that a job called Write, and would wait for itself.
	errNested = errors.New("a transaction was begun within another one")
)

// inJob marks the context of a job.
type inJob struct{}

// writer owns the one connection that writes. It takes the jobs that wait, gives
// each a savepoint, and commits them together: one sync of the disk serves as
// many callers as came while the last one was under way.
type writer struct {
	conn    *sql.Conn
	dialect *dialect
	stmts   *statements
	jobs    chan *job
	closing chan struct{} // closed to end the loop
	ended   chan struct{} // closed by the loop when it has ended
}

// job is one call of Write.
type job struct {
	taken  atomic.Bool // by the writer, which begins it, or its caller, who gives it up
	ctx    context.Context
	f      func(context.Context, account.Tx) error
	err    error
	answer chan error
}

func newWriter(ctx context.Context, db *sql.DB, d *dialect) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn: conn, dialect: d, stmts: newStatements(conn),
		jobs: make(chan *job, queueJobs), closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// write queues a job and waits for its outcome. A caller who goes away while it
// waits in the queue leaves nothing behind; one whose job has begun is told what
// became of it.
func (w *writer) write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	if ctx.Value(inJob{}) != nil {
		return errNested
	}
	j := &job{ctx: ctx, f: f, answer: make(chan error, 1)}
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if !j.taken.Swap(true) {
			return ctx.Err()
		}
		return <-j.answer // it has begun, so this is soon
	case <-w.ended:
	}
	select { // the loop may have answered just before it ended
	case err := <-j.answer:
		return err
	default:
		return errClosed
	}
}

// loop is the goroutine that owns the connection.
func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case <-w.closing:
			return
		case first := <-w.jobs:
			w.batch(first)
		}
	}
}

// batch runs a job, and those that wait behind it, in one transaction.
func (w *writer) batch(first *job) {
	done := []*job{first}
	err := w.control("BEGIN IMMEDIATE")
	if err == nil {
		done, err = w.runBatch(first)
	} else {
		done = w.waiting(done) // each on its own would wait for the lock as long
	}
	if err == nil {
		err = w.control("COMMIT")
	}
	if err != nil {
		// The transaction may have been rolled back by the engine already. None of
		// its callers did anything wrong, so they are told to try again.
		_ = w.control("ROLLBACK")
		err = w.dialect.unavailable(err)
	}
	for _, j := range done {
		if j.err == nil {
			j.err = err
		}
		j.answer <- j.err
	}
}

// waiting adds the jobs that wait to a list.
func (w *writer) waiting(list []*job) []*job {
	for {
		select {
		case j := <-w.jobs:
			list = append(list, j)
		default:
			return list
		}
	}
}

// runBatch runs jobs until the bounds of a batch are reached or none waits. An
// error is one of the transaction as a whole.
func (w *writer) runBatch(first *job) (done []*job, err error) {
	end := time.Now().Add(batchTime)
	for j := first; ; {
		done = append(done, j)
		if err := w.runJob(j); err != nil {
			return done, err
		}
		if len(done) == batchJobs || time.Now().After(end) {
			return done, nil
		}
		select {
		case j = <-w.jobs:
		default:
			return done, nil
		}
	}
}

// runJob runs one job in a savepoint and keeps its failure in it. What it
// returns is a failure of the whole transaction.
func (w *writer) runJob(j *job) error {
	if j.err = j.ctx.Err(); j.err != nil || j.taken.Swap(true) {
		return nil
	}
	if err := w.control("SAVEPOINT job"); err != nil {
		return err
	}
	// Interrupting a statement would end the transaction of every job in it, so
	// a job outlives its caller, and is cut only when it holds up all others.
	ctx, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(j.ctx), inJob{}, true), jobTime)
	defer cancel()
	var failed error
	j.err = protect(ctx, j.f, &tx{reader: reader{queries{db: w.stmts, rare: w.conn, dialect: w.dialect, failed: &failed}}})
	switch {
	case j.err == nil:
		j.err = cmp.Or(failed, j.ctx.Err())
	case errors.Is(j.err, context.DeadlineExceeded) && j.ctx.Err() == nil:
		j.err = tookTooLong(j.err)
	}
	if j.err != nil {
		if err := w.control("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	return w.control("RELEASE job")
}

// protect runs f and turns a panic into a failure.
func protect(ctx context.Context, f func(context.Context, account.Tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f(ctx, t)
}

// control runs a statement that begins or ends a transaction.
func (w *writer) control(statement string) error {
	_, err := w.stmts.ExecContext(context.Background(), statement)
	return err
}

// close ends the loop after the batch under way.
func (w *writer) close() error {
	close(w.closing)
	<-w.ended
	return errors.Join(w.stmts.close(), w.conn.Close())
}
