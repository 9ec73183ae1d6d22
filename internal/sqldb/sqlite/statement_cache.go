package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// preparer is an [sql.DB] or an [sql.Conn].
type preparer interface {
	sqldb.Executor
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statementCache prepares each statement once and reuses it. The driver itself would prepare a
// statement at every call.
type statementCache struct {
	db       preparer
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newStatementCache(db preparer) *statementCache {
	return &statementCache{db: db, prepared: map[string]*sql.Stmt{}}
}

// ExecContext implements [sqldb.Executor].
func (c *statementCache) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := c.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext implements [sqldb.Executor].
func (c *statementCache) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := c.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (c *statementCache) get(ctx context.Context, query string) (*sql.Stmt, error) {
	c.mu.RLock()
	stmt, ok := c.prepared[query]
	c.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if stmt, ok := c.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := c.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.prepared[query] = stmt
	return stmt, nil
}

func (c *statementCache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for query, stmt := range c.prepared {
		errs = append(errs, stmt.Close())
		delete(c.prepared, query)
	}
	return errors.Join(errs...)
}
