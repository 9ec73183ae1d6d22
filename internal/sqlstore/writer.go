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

// writer has the one connection that writes. It takes the jobs that wait and commits
// them together: one sync of the disk serves as many callers as came while the last one was
// under way. Who has the turn does so. A caller who finds nobody at work takes it, since to
// wake another goroutine and be woken by it takes longer than many a job; where jobs have
// come meanwhile, he passes it to a goroutine of the writer, which keeps it until none waits.
type writer struct {
	conn    *sql.Conn
	dialect *dialect
	stmts   *statements
	jobs    chan *job
	turn    chan struct{} // has one while somebody has the turn
	passed  chan struct{} // has one when the turn goes to the loop
	closing chan struct{} // closed to let nobody in any more
	ended   chan struct{} // closed by the loop when it has ended
}

// job is one call of Write.
type job struct {
	taken  atomic.Bool // by who has the turn, who begins it, or its caller, who gives it up
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
		conn: conn, dialect: d, stmts: newStatements(conn), jobs: make(chan *job, queueJobs),
		turn: make(chan struct{}, 1), passed: make(chan struct{}, 1), closing: make(chan struct{}), ended: make(chan struct{}),
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
	select {
	case <-w.closing:
		return errClosed
	default:
	}
	j := &job{ctx: ctx, f: f, answer: make(chan error, 1)}
	queue := w.jobs
	select {
	case queue <- j:
		queue = nil // it is there
	default: // it is full
	}
	for {
		select {
		case err := <-j.answer:
			return err
		case queue <- j:
			queue = nil
		case w.turn <- struct{}{}:
			w.take(ctx)
		case <-w.closing:
			return j.giveUp(errClosed)
		case <-ctx.Done():
			return j.giveUp(ctx.Err())
		}
	}
}

// take uses the turn of a caller. One who must be back by a deadline leaves the work to
// the loop: another process may keep all from writing for seconds.
func (w *writer) take(ctx context.Context) {
	defer w.pass()
	if _, hurried := ctx.Deadline(); !hurried {
		w.lead()
	}
}

// giveUp ends the wait for a job that has not begun. One that has is over soon.
func (j *job) giveUp(err error) error {
	if !j.taken.Swap(true) {
		return err
	}
	return <-j.answer
}

// lead commits a batch of what waits, if anything does. Its caller has the turn.
func (w *writer) lead() (led bool) {
	select {
	case first := <-w.jobs:
		w.batch(first)
		return true
	default:
		return false
	}
}

// pass gives the turn to the loop where jobs wait, else to whoever comes.
func (w *writer) pass() {
	if len(w.jobs) > 0 {
		w.passed <- struct{}{}
	} else {
		<-w.turn
	}
}

// loop keeps the turn that it is passed until no job waits.
func (w *writer) loop() {
	defer close(w.ended)
	for range w.passed {
		for w.lead() {
		}
		<-w.turn
	}
}

// begins reports whether the job is to be done, and marks it as begun: its caller may
// have given it up.
func (j *job) begins() bool {
	if j.err = j.ctx.Err(); j.taken.Swap(true) {
		return false
	}
	if j.err != nil {
		j.answer <- j.err
	}
	return j.err == nil
}

// batch runs a job, and those that wait behind it, in one transaction.
func (w *writer) batch(first *job) {
	var done []*job
	err := w.control("BEGIN IMMEDIATE")
	if err == nil {
		done, err = w.runBatch(first)
	} else {
		done = w.waiting(first) // each on its own would wait for the lock as long
	}
	switch {
	case errors.Is(err, errAlone):
		_ = w.control("ROLLBACK") // the engine may have done it
		err = nil
	case err == nil:
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

// waiting returns a job and those that wait behind it.
func (w *writer) waiting(first *job) (list []*job) {
	for j := first; ; {
		if j.begins() {
			list = append(list, j)
		}
		select {
		case j = <-w.jobs:
		default:
			return list
		}
	}
}

// errAlone means that the first job of a batch has failed by itself: nothing else is in
// the transaction, which goes back as a whole.
var errAlone = errors.New("the only job of the transaction failed")

// runBatch runs jobs until the bounds of a batch are reached or none waits. An
// error is one of the transaction as a whole.
func (w *writer) runBatch(first *job) (done []*job, err error) {
	end := time.Now().Add(batchTime)
	for j := first; ; {
		if j.begins() {
			done = append(done, j)
			if len(done) > 1 {
				err = w.runSaved(j)
			} else if w.run(j); j.err != nil {
				err = errAlone
			}
			if err != nil {
				return done, err
			}
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

// runSaved runs one job in a savepoint and keeps its failure in it. What it
// returns is a failure of the whole transaction.
func (w *writer) runSaved(j *job) error {
	if err := w.control("SAVEPOINT job"); err != nil {
		return err
	}
	if w.run(j); j.err != nil {
		if err := w.control("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	return w.control("RELEASE job")
}

// run runs one job and notes how it ended.
func (w *writer) run(j *job) {
	// Interrupting a statement would end the transaction of every job in it, so
	// a job outlives its caller, and is cut only when it holds up all others.
	ctx, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(j.ctx), inJob{}, true), jobTime)
	defer cancel()
	var failed error
	t := &tx{reader: reader{queries{db: direct{w.stmts}, rare: direct{w.conn}, dialect: w.dialect, failed: &failed}}}
	j.err = protect(func() error { return j.f(ctx, t) })
	switch {
	case j.err == nil:
		j.err = cmp.Or(failed, j.ctx.Err())
	case errors.Is(j.err, context.DeadlineExceeded) && j.ctx.Err() == nil:
		j.err = tookTooLong(j.err)
	}
}

// protect runs f and turns a panic into a failure: whoever has the turn goes on.
func protect(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// control runs a statement that begins or ends a transaction.
func (w *writer) control(statement string) error {
	return protect(func() error {
		_, err := w.stmts.ExecContext(context.Background(), statement)
		return err
	})
}

// close lets nobody in any more, and waits for the batch under way.
func (w *writer) close() error {
	close(w.closing)
	w.turn <- struct{}{} // for good
	close(w.passed)
	<-w.ended
	return errors.Join(w.stmts.close(), w.conn.Close())
}
