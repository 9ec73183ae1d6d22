package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// Limits of one group commit, and of the queue of jobs.
const (
	maxBatchJobs = 128
	maxBatchTime = 2 * time.Millisecond
	maxQueueJobs = 1024
)

// writer runs all transactions on one connection, with group commit. The leader takes the queued jobs
// and commits them together. So one sync of the disk serves all callers that arrived during the last
// one.
//
// A caller who finds no leader becomes it, since waking another goroutine takes longer than many a
// job. If more jobs are queued after its batch, the caller hands the leadership off to the loop,
// which keeps it until the queue is empty.
type writer struct {
	conn      *sql.Conn
	cache     *statementCache
	queue     chan *job
	leader    chan struct{} // holds one value while there is a leader
	handedOff chan struct{} // receives one value when the leadership goes to the loop
	closing   chan struct{} // closed when no more jobs are accepted
	ended     chan struct{} // closed by the loop when it has ended
}

var _ sqldb.Writer = (*writer)(nil)

// job is one call of Write.
type job struct {
	claimed atomic.Bool // by the leader, who starts the job, or by the caller, who abandons it
	ctx     context.Context
	f       func(context.Context, *sqldb.Tx) error
	err     error
	answer  chan error
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn: conn, cache: newStatementCache(conn), queue: make(chan *job, maxQueueJobs),
		leader: make(chan struct{}, 1), handedOff: make(chan struct{}, 1),
		closing: make(chan struct{}), ended: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// Write implements [sqldb.Writer]. It queues a job and waits for its outcome. A job whose context
// ends while it is queued does not run; one that has started is waited for.
func (w *writer) Write(ctx context.Context, f func(context.Context, *sqldb.Tx) error) error {
	if sqldb.InTx(ctx) {
		return sqldb.ErrNestedTx
	}
	select {
	case <-w.closing:
		return sqldb.ErrClosed
	default:
	}
	j := &job{ctx: ctx, f: f, answer: make(chan error, 1)}
	queue := w.queue
	select {
	case queue <- j:
		queue = nil // queued
	default: // the queue is full
	}
	for {
		select {
		case err := <-j.answer:
			return err
		case queue <- j:
			queue = nil
		case w.leader <- struct{}{}:
			w.leadOnce(ctx)
		case <-w.closing:
			return j.abandon(sqldb.ErrClosed)
		case <-ctx.Done():
			return j.abandon(ctx.Err())
		}
	}
}

// leadOnce commits one batch on the goroutine of a caller that has become the leader, and hands the
// leadership off. A caller with a deadline leaves the batch to the loop: another process may block
// the commit for seconds.
func (w *writer) leadOnce(ctx context.Context) {
	defer w.handOff()
	if _, limited := ctx.Deadline(); !limited {
		w.commitNext()
	}
}

// abandon ends the wait for a job that has not started, with err. It waits for one that has.
func (j *job) abandon(err error) error {
	if !j.claimed.Swap(true) {
		return err
	}
	return <-j.answer
}

// commitNext commits a batch of the queued jobs and reports whether there were any. The caller is
// the leader.
func (w *writer) commitNext() bool {
	select {
	case first := <-w.queue:
		w.commit(first)
		return true
	default:
		return false
	}
}

// handOff gives the leadership to the loop if jobs are queued, else to the next caller.
func (w *writer) handOff() {
	if len(w.queue) > 0 {
		w.handedOff <- struct{}{}
	} else {
		<-w.leader
	}
}

// loop leads from each hand-off until the queue is empty.
func (w *writer) loop() {
	defer close(w.ended)
	for range w.handedOff {
		for w.commitNext() {
		}
		<-w.leader
	}
}

// start claims the job and reports whether it is to run. It is not if its caller has abandoned it,
// or if its context has ended.
func (j *job) start() bool {
	if j.err = j.ctx.Err(); j.claimed.Swap(true) {
		return false
	}
	if j.err != nil {
		j.answer <- j.err
	}
	return j.err == nil
}

// commit runs a job and those queued after it in one transaction.
func (w *writer) commit(first *job) {
	var done []*job
	err := w.control("BEGIN IMMEDIATE")
	if err == nil {
		done, err = w.runBatch(first)
	} else {
		done = w.drain(first) // each by itself would wait for the lock as long
	}
	switch {
	case errors.Is(err, errSoleJobFailed):
		_ = w.control("ROLLBACK") // the engine may have done it
		err = nil
	case err == nil:
		err = w.control("COMMIT")
	}
	if err != nil {
		// The engine may have rolled the transaction back already. No job is at fault, so the
		// callers are told to try again.
		_ = w.control("ROLLBACK")
		err = dialect.UnavailableError(err)
	}
	for _, j := range done {
		if j.err == nil {
			j.err = err
		}
		j.answer <- j.err
	}
}

// drain starts a job and those queued after it, to be answered without running.
func (w *writer) drain(first *job) (started []*job) {
	for j := first; ; {
		if j.start() {
			started = append(started, j)
		}
		select {
		case j = <-w.queue:
		default:
			return started
		}
	}
}

// errSoleJobFailed means that the first job of a batch has failed. The transaction holds nothing
// else and is rolled back.
var errSoleJobFailed = errors.New("the only job of the transaction failed")

// runBatch runs jobs until a limit of the batch is reached or the queue is empty. It returns an
// error of the transaction as a whole.
func (w *writer) runBatch(first *job) (done []*job, err error) {
	end := time.Now().Add(maxBatchTime)
	for j := first; ; {
		if j.start() {
			done = append(done, j)
			if len(done) > 1 {
				err = w.runInSavepoint(j)
			} else if w.run(j); j.err != nil {
				err = errSoleJobFailed
			}
			if err != nil {
				return done, err
			}
		}
		if len(done) == maxBatchJobs || time.Now().After(end) {
			return done, nil
		}
		select {
		case j = <-w.queue:
		default:
			return done, nil
		}
	}
}

// runInSavepoint runs one job and rolls it back alone if it fails. It returns a failure of the
// transaction as a whole.
func (w *writer) runInSavepoint(j *job) error {
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

// run runs one job and sets its error.
func (w *writer) run(j *job) {
	// Interrupting a statement would end the transaction of every job in it. So a job outlives its
	// context, and is cancelled only when it delays all others.
	ctx, cancel := context.WithTimeout(sqldb.WithTx(context.WithoutCancel(j.ctx)), sqldb.MaxTxTime)
	defer cancel()
	tx := sqldb.NewTx(sqldb.Querier{
		Conn: sqldb.Immediate{DB: w.cache}, Unprepared: sqldb.Immediate{DB: w.conn}, Dialect: dialect,
	})
	j.err = sqldb.Protect(func() error { return j.f(ctx, tx) })
	switch {
	case j.err == nil && tx.Err() != nil:
		j.err = tx.Err()
	case j.err == nil:
		j.err = j.ctx.Err()
	case errors.Is(j.err, context.DeadlineExceeded) && j.ctx.Err() == nil:
		j.err = sqldb.Timeout(j.err)
	}
}

// control runs a statement that begins or ends a transaction or a savepoint.
func (w *writer) control(statement string) error {
	return sqldb.Protect(func() error {
		_, err := w.cache.ExecContext(context.Background(), statement)
		return err
	})
}

// Close refuses new jobs and waits for the batch under way.
func (w *writer) Close() error {
	close(w.closing)
	w.leader <- struct{}{} // never released
	close(w.handedOff)
	<-w.ended
	return errors.Join(w.cache.close(), w.conn.Close())
}
