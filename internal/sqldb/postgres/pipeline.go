package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// pipeline is the [sqldb.Conn] of a transaction. It queues BEGIN and the deferred statements, and
// sends them in one batch with the next Exec or Query, or with COMMIT. This saves round trips,
// which take longer than most statements.
type pipeline struct {
	conn   *pgx.Conn
	queued *pgx.Batch
}

var _ sqldb.Conn = (*pipeline)(nil)

// errRolledBack means that the database replied to COMMIT with ROLLBACK.
var errRolledBack = errors.New("the transaction was rolled back at its end")

func newPipeline(conn *pgx.Conn) *pipeline {
	p := &pipeline{conn: conn, queued: new(pgx.Batch)}
	p.queued.Queue("BEGIN")
	return p
}

// ExecDeferred implements [sqldb.Conn]. It always returns nil. If the statement fails, the next
// Exec or Query, or commit, returns the error. Statements run in the order of the calls.
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
		_ = results.Close() // Close returns the same error
		return nil, err
	}
	return pipelineRows{rows, results}, nil
}

// pipelineRows are the rows of the last statement of a batch.
type pipelineRows struct {
	pgx.Rows
	results pgx.BatchResults
}

// Close closes the rows and their batch. Unlike the Close method of [pgx.Rows], it returns an
// error.
func (r pipelineRows) Close() error {
	r.Rows.Close()
	return r.results.Close()
}

// commit commits the transaction. If the transaction has no statements, commit sends nothing, since
// BEGIN is still queued.
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

// rollback rolls back a transaction that is still open. It reports whether the connection can be
// reused.
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

// send sends the queued statements and query in one batch, and reads the results of the queued
// ones. The next result that the caller reads from the batch is that of query.
func (p *pipeline) send(ctx context.Context, query string, args ...any) (pgx.BatchResults, error) {
	batch := p.queued
	p.queued = new(pgx.Batch)
	batch.Queue(query, args...)
	results := p.conn.SendBatch(ctx, batch)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // Close returns the same error
			return nil, err
		}
	}
	return results, nil
}
