package sqlstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pipeline is a transaction on PostgreSQL whose statements travel together. What nobody
// waits for, as its beginning, is sent with the next statement that somebody asks about,
// and the last ones with the end: the journey to the database and back, and the two
// processes that wake up for it, cost more than most statements do.
type pipeline struct {
	conn   *pgx.Conn
	queued *pgx.Batch
}

var _ runner = (*pipeline)(nil)

// errRolledBack means that the database has answered a COMMIT with a ROLLBACK.
var errRolledBack = errors.New("the transaction was rolled back at its end")

func newPipeline(conn *pgx.Conn) *pipeline {
	p := &pipeline{conn: conn, queued: new(pgx.Batch)}
	p.queued.Queue("BEGIN")
	return p
}

// later implements runner. The statement runs behind those before it and in front of those
// after it. Its failure is that of the next one that is asked about, or of the end.
func (p *pipeline) later(_ context.Context, query string, args ...any) error {
	p.queued.Queue(query, args...)
	return nil
}

// exec implements runner.
func (p *pipeline) exec(ctx context.Context, query string, args ...any) (int, error) {
	tag, err := p.tag(ctx, query, args...)
	return int(tag.RowsAffected()), err
}

// query implements runner.
func (p *pipeline) query(ctx context.Context, query string, args ...any) (rowSet, error) {
	results, err := p.send(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // says the same
		return nil, err
	}
	return pipelineRows{rows, results}, nil
}

// pipelineRows are the rows of the last statement that was sent.
type pipelineRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close ends the reading, as [sql.Rows] do.
func (r pipelineRows) Close() error {
	r.Rows.Close()
	return r.results.Close()
}

// commit ends the transaction. One in which nothing was done has not begun.
func (p *pipeline) commit(ctx context.Context) error {
	if p.conn.PgConn().TxStatus() == 'I' && p.queued.Len() == 1 {
		return nil
	}
	tag, err := p.tag(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		return errRolledBack
	}
	return err
}

// rollback ends what a failure has left open, and reports whether the connection can be
// used again.
func (p *pipeline) rollback(ctx context.Context) bool {
	if p.conn.PgConn().TxStatus() != 'I' {
		_, _ = p.conn.Exec(ctx, "ROLLBACK")
	}
	return !p.conn.IsClosed() && p.conn.PgConn().TxStatus() == 'I'
}

// tag runs a statement and returns what the database says that it did.
func (p *pipeline) tag(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	results, err := p.send(ctx, query, args...)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if end := results.Close(); err == nil {
		err = end
	}
	return tag, err
}

// send sends a statement behind those that are queued, and reads their outcomes. That of
// the statement is the next one of the results.
func (p *pipeline) send(ctx context.Context, query string, args ...any) (pgx.BatchResults, error) {
	batch := p.queued
	p.queued = new(pgx.Batch)
	batch.Queue(query, args...)
	results := p.conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same
			return nil, err
		}
	}
	return results, nil
}
