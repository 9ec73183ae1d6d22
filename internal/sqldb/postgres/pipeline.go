package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// pipeline is the [sqldb.Conn] of a transaction. It sends deferred statements, and BEGIN, in one
// batch with the next statement whose result is needed, or with COMMIT. The round trip, and waking
// two processes for it, costs more than most statements do.
type pipeline struct {
	conn   *pgx.Conn
	queued *pgx.Batch
}

var _ sqldb.Conn = (*pipeline)(nil)

// errRolledBack means that the database answered COMMIT with ROLLBACK.
var errRolledBack = errors.New("the transaction was rolled back at its end")

func newPipeline(conn *pgx.Conn) *pipeline {
	p := &pipeline{conn: conn, queued: new(pgx.Batch)}
	p.queued.Queue("BEGIN")
	return p
}

// ExecDeferred implements [sqldb.Conn]. Statements run in the order of the calls. Its failure is
// returned by the next Exec or Query, or by commit.
func (p *pipeline) ExecDeferred(_ context.Context, query string, args ...any) error {
	p.queued.Queue(query, args...)
	return nil
}

// Exec implements [sqldb.Conn].
func (p *pipeline) Exec(ctx context.Context, query string, args ...any) (int, error) {
	tag, err := p.exec(ctx, query, args...)
	return int(tag.RowsAffected()), err
}

// Query implements [sqldb.Conn].
func (p *pipeline) Query(ctx context.Context, query string, args ...any) (sqldb.Rows, error) {
	results, err := p.send(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // returns the same error
		return nil, err
	}
	return pipelineRows{rows, results}, nil
}

// pipelineRows are the rows of the last statement of a batch.
type pipelineRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close ends the batch. Unlike that of [pgx.Rows] it returns an error.
func (r pipelineRows) Close() error {
	r.Rows.Close()
	return r.results.Close()
}

// commit ends the transaction. If no statement was called, BEGIN is not sent either.
func (p *pipeline) commit(ctx context.Context) error {
	if p.conn.PgConn().TxStatus() == 'I' && p.queued.Len() == 1 {
		return nil
	}
	tag, err := p.exec(ctx, "COMMIT")
	if err == nil && tag.String() != "COMMIT" {
		return errRolledBack
	}
	return err
}

// rollback ends a transaction that is still open, and reports whether the connection can be reused.
func (p *pipeline) rollback(ctx context.Context) bool {
	if p.conn.PgConn().TxStatus() != 'I' {
		_, _ = p.conn.Exec(ctx, "ROLLBACK")
	}
	return !p.conn.IsClosed() && p.conn.PgConn().TxStatus() == 'I'
}

// exec runs a statement and returns its command tag.
func (p *pipeline) exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
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

// send sends the deferred statements and one more, and reads the results of the deferred ones. The
// next result in the batch is that of the last statement.
func (p *pipeline) send(ctx context.Context, query string, args ...any) (pgx.BatchResults, error) {
	batch := p.queued
	p.queued = new(pgx.Batch)
	batch.Queue(query, args...)
	results := p.conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // returns the same error
			return nil, err
		}
	}
	return results, nil
}
