package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// maxBatchJobs and maxBatchTime limit one group commit. maxQueueJobs is the capacity of the queue.
const (
	maxBatchJobs = 128
	maxBatchTime = 2 * time.Millisecond
	maxQueueJobs = 1024
)

// writer runs all transactions on one connection, with group commit. The leader runs the queued jobs in one transaction
// and commits them together. So one sync of the disk serves all callers that arrived during the previous sync.
//
// A caller that finds no leader becomes the leader, since many jobs take less time than waking another goroutine. After
// one batch the caller hands the leadership off. If jobs are queued, the goroutine of loop then leads until the queue
// is empty.
type writer struct {
	conn      *sql.Conn
	cache     *statementCache
	queue     chan *job
	leader    chan struct{} // holds one value while there is a leader
	handedOff chan struct{} // receives one value when the leadership goes to loop
	closing   chan struct{} // closed when no more jobs are accepted
	ended     chan struct{} // closed by loop when it ends
}

var _ sqldb.Writer = (*writer)(nil)

// job is one call of Write.
type job struct {
	claimed atomic.Bool // set by the leader that starts the job, or by the caller that abandons it
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

// Write implements [sqldb.Writer]. It queues f as a job and waits for the result. If ctx ends while the job is queued,
// the job does not run. If the job has started, Write waits for it even after ctx has ended.
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

// leadOnce commits one batch in the goroutine of a caller that has become the leader, and hands the leadership off. If
// ctx has a deadline, leadOnce leaves the batch to loop: another process may block the commit for seconds, and the
// caller must return at its deadline.
func (w *writer) leadOnce(ctx context.Context) {
	defer w.handOff()
	if _, limited := ctx.Deadline(); !limited {
		w.commitNext()
	}
}

// abandon returns err if the job has not started, and keeps it from starting. Otherwise abandon waits for the job and
// returns its result.
func (j *job) abandon(err error) error {
	if !j.claimed.Swap(true) {
		return err
	}
	return <-j.answer
}

// commitNext commits a batch of queued jobs and reports whether the queue had any. Only the leader calls it.
func (w *writer) commitNext() bool {
	select {
	case firstJob := <-w.queue:
		w.commit(firstJob)
		return true
	default:
		return false
	}
}

// handOff gives the leadership to loop if jobs are queued, else to the next caller of Write.
func (w *writer) handOff() {
	if len(w.queue) > 0 {
		w.handedOff <- struct{}{}
	} else {
		<-w.leader
	}
}

// loop takes the leadership at each hand-off and commits batches until the queue is empty.
func (w *writer) loop() {
	defer close(w.ended)
	for range w.handedOff {
		for w.commitNext() {
		}
		<-w.leader
	}
}

// start claims the job for the leader and reports whether to run it. A job does not run if its caller has abandoned it
// or its context has ended.
func (j *job) start() bool {
	if j.err = j.ctx.Err(); j.claimed.Swap(true) {
		return false
	}
	if j.err != nil {
		j.answer <- j.err
	}
	return j.err == nil
}

// commit runs firstJob and the jobs queued after it in one transaction, and sends each caller its result.
func (w *writer) commit(firstJob *job) {
	var done []*job
	err := w.control("BEGIN IMMEDIATE")
	if err == nil {
		done, err = w.runBatch(firstJob)
	} else {
		done = w.drain(firstJob) // fail all queued jobs at once: each alone would wait just as long for the lock
	}
	switch {
	case errors.Is(err, errSoleJobFailed):
		_ = w.control("ROLLBACK") // may fail: SQLite may have rolled back already
		err = nil
	case err == nil:
		err = w.control("COMMIT")
	}
	if err != nil {
		// SQLite may have rolled the transaction back already. No single job caused the failure, so the error tells
		// every caller to try again.
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

// drain claims firstJob and all queued jobs without running them. commit then sends an error to their callers.
func (w *writer) drain(firstJob *job) (started []*job) {
	for j := firstJob; ; {
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

// errSoleJobFailed means that the first job of a batch has failed. The first job has no savepoint, so the whole
// transaction is rolled back. At that time the transaction contains no other job.
var errSoleJobFailed = errors.New("the only job of the transaction failed")

// runBatch runs firstJob and then queued jobs. It stops after maxBatchJobs or maxBatchTime, or when the queue is empty.
// done holds the jobs that were started. err is a failure of the whole transaction. The failure of a single job is in
// the field err of the job.
func (w *writer) runBatch(firstJob *job) (done []*job, err error) {
	end := time.Now().Add(maxBatchTime)
	for j := firstJob; ; {
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

// runInSavepoint runs one job in a savepoint. If the job fails, only its own changes are rolled back. The returned
// error is a failure of the whole transaction.
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
	// Interrupting a statement would roll back the transaction with all jobs of the batch. So the end of j.ctx does not
	// interrupt the job. Only sqldb.MaxTxTime does, since a longer job would delay all others.
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
	w.leader <- struct{}{} // waits for the leader, and keeps others from becoming the leader
	close(w.handedOff)
	<-w.ended
	return errors.Join(w.cache.close(), w.conn.Close())
}
