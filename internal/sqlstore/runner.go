package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// runner runs statements: connections, or a transaction.
type runner interface {
	// exec runs a statement and returns how many rows it changed.
	exec(ctx context.Context, query string, args ...any) (int, error)
	// query runs a statement that has rows. They are closed before the next statement.
	query(ctx context.Context, query string, args ...any) (rowSet, error)
	// later runs a statement, at the latest with the next one of the others or with the end of
	// the transaction, which then fail if it does.
	later(ctx context.Context, query string, args ...any) error
}

// rowSet is what [sql.Rows] have of use here.
type rowSet interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

// sqlRunner is what database/sql runs statements on.
type sqlRunner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// direct is a runner that runs every statement at once.
type direct struct{ db sqlRunner }

func (d direct) exec(ctx context.Context, query string, args ...any) (int, error) {
	result, err := d.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

func (d direct) query(ctx context.Context, query string, args ...any) (rowSet, error) {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err // not the nil rows, which would be a rowSet
	}
	return rows, nil
}

func (d direct) later(ctx context.Context, query string, args ...any) error {
	_, err := d.exec(ctx, query, args...)
	return err
}

// preparer is a connection or a pool of them.
type preparer interface {
	sqlRunner
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statements prepares each statement once and keeps it, for a driver that does
// not do so by itself.
type statements struct {
	db       preparer
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newStatements(db preparer) *statements {
	return &statements{db: db, prepared: map[string]*sql.Stmt{}}
}

// ExecContext implements sqlRunner.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := s.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext implements sqlRunner.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.get(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt, ok := s.prepared[query]
	s.mu.RUnlock()
	if ok {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt, ok := s.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for query, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
		delete(s.prepared, query)
	}
	return errors.Join(errs...)
}
