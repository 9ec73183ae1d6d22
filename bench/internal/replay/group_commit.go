package replay

import (
	"context"
	"database/sql"
	"errors"
)

// maxBatch is the maximum number of changes in one transaction.
const maxBatch = 128

// groupCommitter is a group commit: it runs all waiting changes in one transaction on one connection, and then reports
// the result to the caller of each change.
type groupCommitter struct {
	conn    *preparedConn
	changes chan *pendingChange
	stop    chan struct{}
	stopped chan struct{} // closed after the commit loop has returned
}

// pendingChange is a change whose caller waits for its commit.
type pendingChange struct {
	statements []Statement
	done       chan error
}

func newGroupCommitter(ctx context.Context, db *sql.DB) (*groupCommitter, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	g := &groupCommitter{
		conn:    &preparedConn{conn: conn, statements: map[string]*sql.Stmt{}},
		changes: make(chan *pendingChange), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go g.loop(ctx)
	return g, nil
}

func (g *groupCommitter) close() error {
	close(g.stop)
	<-g.stopped
	return g.conn.conn.Close()
}

// commit submits the statements of one change and returns when the change is durable.
func (g *groupCommitter) commit(statements []Statement) error {
	c := &pendingChange{statements: statements, done: make(chan error, 1)}
	g.changes <- c
	return <-c.done
}

func (g *groupCommitter) loop(ctx context.Context) {
	defer close(g.stopped)
	for {
		select {
		case <-g.stop:
			return
		case first := <-g.changes:
			g.commitBatch(ctx, first)
		}
	}
}

// commitBatch commits the first change and all other waiting changes, up to maxBatch, in one transaction.
func (g *groupCommitter) commitBatch(ctx context.Context, first *pendingChange) {
	err := run(ctx, g.conn, Statement{SQL: "BEGIN IMMEDIATE"})
	batch := []*pendingChange{first}
	for c := first; c != nil && err == nil; {
		for _, s := range c.statements {
			err = errors.Join(err, run(ctx, g.conn, s))
		}
		c = nil
		if len(batch) < maxBatch {
			select {
			case c = <-g.changes:
				batch = append(batch, c)
			default:
			}
		}
	}
	if err == nil {
		err = run(ctx, g.conn, Statement{SQL: "COMMIT"})
	}
	for _, c := range batch {
		c.done <- err
	}
}

// preparedConn is a database connection that prepares each distinct statement once.
type preparedConn struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

// QueryContext implements querier.
func (p *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	statement := p.statements[query]
	if statement == nil {
		var err error
		if statement, err = p.conn.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		p.statements[query] = statement
	}
	return statement.QueryContext(ctx, args...)
}
