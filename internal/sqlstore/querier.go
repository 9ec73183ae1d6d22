package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// querier runs statements and translates their errors to those of package account.
type querier struct{ sqldb.Querier }

// cancellable returns a querier for statements that may take long: the statements end when their
// context does.
func (q *querier) cancellable() *querier { return &querier{q.Cancellable()} }

// exec runs a statement and returns the number of rows that it changed.
func (q *querier) exec(ctx context.Context, query string, args ...any) (int, error) {
	n, err := q.Exec(ctx, query, args...)
	return n, translateError(err)
}

// execDeferred runs a statement like exec, but may run it later: see [sqldb.Querier.ExecDeferred].
func (q *querier) execDeferred(ctx context.Context, query string, args ...any) error {
	return translateError(q.ExecDeferred(ctx, query, args...))
}

// execOne runs a statement that must change one row. It fails with account.ErrNotFound if the
// statement changes none.
func (q *querier) execOne(ctx context.Context, query string, args ...any) error {
	n, err := q.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return account.ErrNotFound
	}
	return err
}

// scanFunc reads the columns of a row.
type scanFunc[T any] = func(sqldb.Row) (T, error)

// one returns the first row of the result, or fails with account.ErrNotFound if there is none.
func one[T any](ctx context.Context, q *querier, scan scanFunc[T], query string, args ...any) (T, error) {
	row, err := sqldb.One(ctx, q.Querier, scan, query, args...)
	return row, translateError(err)
}

// all returns all rows of the result.
func all[T any](ctx context.Context, q *querier, scan scanFunc[T], query string, args ...any) ([]T, error) {
	rows, err := sqldb.All(ctx, q.Querier, scan, query, args...)
	return rows, translateError(err)
}

// allUnprepared returns all rows, as [all] does, but doesn't prepare the statement. Use it for a
// statement that may take long and whose text varies with its filters.
func allUnprepared[T any](ctx context.Context, q *querier, scan scanFunc[T], query string, args ...any) ([]T, error) {
	rows, err := sqldb.AllUnprepared(ctx, q.Querier, scan, query, args...)
	return rows, translateError(err)
}

// allUntil returns the rows up to and including the first one for which enough returns true.
func allUntil[T any](
	ctx context.Context, q *querier, scan scanFunc[T], enough func(T) bool, query string, args ...any,
) ([]T, error) {
	rows, err := sqldb.AllUntil(ctx, q.Querier, scan, enough, query, args...)
	return rows, translateError(err)
}

// retryAfter is how long callers are asked to wait while the database is unavailable.
const retryAfter = 5 * time.Second

// translateError translates an error of package sqldb to the error of package account that callers
// check for. It returns other errors unchanged. The error of every statement passes through it.
func translateError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return account.ErrNotFound
	}
	e, ok := errors.AsType[*sqldb.Error](err)
	if !ok {
		return err
	}
	switch e.Class {
	case sqldb.UniqueViolation:
		switch e.Constraint { // the index on PostgreSQL, table.column on SQLite
		case "users_email_key", "users.email_key":
			return account.ErrEmailTaken
		case "roles_name_key", "roles.name_key":
			return account.ErrRoleNameTaken
		}
		return e.Err
	case sqldb.ForeignKeyViolation:
		return account.ErrReferenced
	case sqldb.DiskFull:
		return unchangedError("The disk of the database is full.", e.Err)
	case sqldb.DiskError:
		return unchangedError("The disk of the database cannot be read or written.", e.Err)
	case sqldb.ReadOnly:
		return unchangedError("The database is read-only just now.", e.Err)
	case sqldb.OutcomeUnknown:
		return unavailableError("The database went away while the change was being kept. "+
			"It may have been made: look before you try again.", fmt.Errorf("%w: %w", account.ErrOutcomeUnknown, e.Err))
	default: // unavailable, or in conflict with other transactions
		return unchangedError("The database cannot be used just now.", e.Err)
	}
}

// unchangedError returns the error for a write that has changed nothing in the database. The caller
// may try again.
func unchangedError(cause string, err error) error {
	return unavailableError(cause+" Nothing was changed; try again.", err)
}

func unavailableError(message string, err error) error {
	return &account.Error{Code: account.CodeUnavailable, Message: message, RetryAfter: retryAfter, Err: err}
}
