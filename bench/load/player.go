package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// mostJobs is how many jobs one commit of the bare loop has at most.
const mostJobs = 128

// player runs the statements of a script for one subject after the other, each change
// as a transaction that is on disk before the next is begun, or with others in one.
type player struct {
	script  *script
	db      *sql.DB
	callers int
	commits func(ctx context.Context, steps []call) error // runs what is in a transaction
	played  atomic.Int64
	closers []func() error
}

// call is a statement with the values that it is run with.
type call struct {
	statement string
	values    []any
}

func newPlayer(ctx context.Context, s *script, d *database, callers int) (*player, error) {
	db, err := d.engine.connect(d, callers+1)
	if err != nil {
		return nil, err
	}
	p := &player{script: s, db: db, callers: callers, closers: []func() error{db.Close}}
	p.commits = p.alone
	if d.url == "" { // one connection writes
		conn, err := db.Conn(ctx)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		l := &loop{prepared: prepared{db: conn}, jobs: make(chan *job), end: make(chan struct{})}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.run(ctx)
		}()
		p.commits = l.commit
		p.closers = append([]func() error{func() error { close(l.end); <-ended; return conn.Close() }}, p.closers...)
	}
	return p, nil
}

func (p *player) close() {
	for _, close := range p.closers {
		_ = close() // it was measured
	}
}

// play makes changes for so long, by so many callers at once, and returns how many.
func (p *player) play(ctx context.Context, length time.Duration) (done int, err error) {
	var callers sync.WaitGroup
	var count atomic.Int64
	failures := make([]error, p.callers)
	until := time.Now().Add(length)
	for i := range p.callers {
		callers.Go(func() {
			for time.Now().Before(until) && failures[i] == nil && ctx.Err() == nil {
				failures[i] = p.next(ctx)
				count.Add(1)
			}
		})
	}
	callers.Wait()
	return int(count.Load()), errors.Join(failures...)
}

// next makes the next change.
func (p *player) next(ctx context.Context) error {
	n := p.played.Add(1) - 1
	form := p.script.form(n)
	was, is := form.about, p.script.subject(p.script, n)
	for _, step := range form.outside {
		if err := runCall(ctx, p.db, call{step.statement, step.replaced(was, is)}); err != nil {
			return err
		}
	}
	calls := make([]call, len(form.inside))
	for i, step := range form.inside {
		calls[i] = call{step.statement, step.replaced(was, is)}
	}
	return p.commits(ctx, calls)
}

// alone runs a change in a transaction of its own.
func (p *player) alone(ctx context.Context, calls []call) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for _, c := range calls {
		if err := runCall(ctx, tx, c); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// querier runs statements.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// runCall runs a statement and reads all its rows.
func runCall(ctx context.Context, q querier, c call) error {
	rows, err := q.QueryContext(ctx, c.statement, c.values...)
	if err != nil {
		return fmt.Errorf("%s: %w", c.statement, err)
	}
	defer rows.Close()
	for rows.Next() { // its values are nobody's concern
	}
	return rows.Err()
}

// loop is a bare group-commit loop: it runs what callers want to have committed in one
// transaction, as many as have come, and then answers all of them.
type loop struct {
	prepared prepared
	jobs     chan *job
	end      chan struct{}
}

// job is what one caller wants to have committed.
type job struct {
	calls []call
	done  chan error
}

func (l *loop) commit(_ context.Context, calls []call) error {
	j := &job{calls, make(chan error, 1)}
	l.jobs <- j
	return <-j.done
}

func (l *loop) run(ctx context.Context) {
	for {
		select {
		case <-l.end:
			return
		case first := <-l.jobs:
			l.batch(ctx, first)
		}
	}
}

func (l *loop) batch(ctx context.Context, first *job) {
	err := runCall(ctx, &l.prepared, call{statement: "BEGIN IMMEDIATE"})
	done := []*job{first}
	for j := first; j != nil && err == nil; {
		for _, c := range j.calls {
			err = errors.Join(err, runCall(ctx, &l.prepared, c))
		}
		j = nil
		if len(done) < mostJobs {
			select {
			case j = <-l.jobs:
				done = append(done, j)
			default:
			}
		}
	}
	if err == nil {
		err = runCall(ctx, &l.prepared, call{statement: "COMMIT"})
	}
	for _, j := range done {
		j.done <- err
	}
}

// prepared is a connection on which each statement is prepared once.
type prepared struct {
	db    *sql.Conn
	stmts map[string]*sql.Stmt
}

// QueryContext implements querier.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt := p.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = p.db.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		if p.stmts == nil {
			p.stmts = map[string]*sql.Stmt{}
		}
		p.stmts[query] = stmt
	}
	return stmt.QueryContext(ctx, args...)
}
