package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// preparer is a database connection or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statements prepares each statement once and keeps it.
type statements struct {
	db       preparer
	mu       sync.RWMutex
	prepared map[string]*sql.Stmt
}

func newStatements(db preparer) *statements {
	return &statements{db: db, prepared: map[string]*sql.Stmt{}}
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

// queries runs statements for reader and tx and gives their failures a meaning.
type queries struct {
	stmts   *statements
	dialect *dialect
	// failed is the first failure in a transaction, nil outside of one. Nothing
	// runs after it: engines may have ended the transaction by themselves, and
	// would then keep what follows.
	failed *error
}

func (q queries) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if q.failed != nil && *q.failed != nil {
		return nil, *q.failed
	}
	stmt, err := q.stmts.get(ctx, query)
	return stmt, q.meaning(err)
}

func (q queries) meaning(err error) error {
	err = q.dialect.meaning(err)
	if q.failed != nil && err != nil && !errors.Is(err, account.ErrNotFound) {
		*q.failed = err
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func (q queries) exec(ctx context.Context, query string, args ...any) (int, error) {
	stmt, err := q.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, q.meaning(err)
	}
	n, err := result.RowsAffected()
	return int(n), q.meaning(err)
}

// run is exec for statements that may change any number of rows.
func (q queries) run(ctx context.Context, query string, args ...any) error {
	_, err := q.exec(ctx, query, args...)
	return err
}

// runOne is exec for statements that must change one row; it fails with
// account.ErrNotFound when there is none.
func (q queries) runOne(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return account.ErrNotFound
	}
	return err
}

// scanner is one row.
type scanner interface{ Scan(dest ...any) error }

// one reads the only row, or fails with account.ErrNotFound.
func one[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var zero T
	stmt, err := q.prepare(ctx, query)
	if err != nil {
		return zero, err
	}
	row, err := scan(stmt.QueryRowContext(ctx, args...))
	if err != nil {
		return zero, q.meaning(err)
	}
	return row, nil
}

// all reads every row.
func all[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	stmt, err := q.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return allOf(ctx, q, stmt, scan, args...)
}

// allOnce is all for a statement that comes in so many forms that keeping each
// prepared would cost more memory than it saves time.
func allOnce[T any](ctx context.Context, q queries, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	if q.failed != nil && *q.failed != nil {
		return nil, *q.failed
	}
	stmt, err := q.stmts.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, q.meaning(err)
	}
	defer stmt.Close()
	return allOf(ctx, q, stmt, scan, args...)
}

func allOf[T any](ctx context.Context, q queries, stmt *sql.Stmt, scan func(scanner) (T, error), args ...any) ([]T, error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, q.meaning(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, q.meaning(err)
		}
		list = append(list, row)
	}
	return list, q.meaning(rows.Err())
}

// scanInt reads a row of one number.
func scanInt(row scanner) (n int64, err error) { return n, row.Scan(&n) }

// micros is how a time is stored: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// micro scans a stored time.
type micro struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m micro) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return errors.New("a stored time is not a number")
	}
	*m.to = time.Time{}
	if n != 0 {
		*m.to = time.UnixMicro(n).UTC()
	}
	return nil
}

// blob scans bytes that may be NULL. Empty is not NULL, though the SQLite driver
// hands out a nil slice for both.
type blob struct{ to *[]byte }

// Scan implements sql.Scanner.
func (b blob) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*b.to = nil
	case []byte:
		*b.to = append([]byte{}, v...) // the driver may use v again
	default:
		return errors.New("stored bytes are not bytes")
	}
	return nil
}

// notNull makes empty bytes of none, for a column that cannot be NULL.
func notNull(bytes []byte) []byte {
	if bytes == nil {
		return []byte{}
	}
	return bytes
}
