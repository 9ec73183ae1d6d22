package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrorClass groups the failures of the drivers.
type ErrorClass int

// The classes of failures.
const (
	Other               ErrorClass = iota // a fault of the program, or unknown
	Unavailable                           // the database can't be reached or used for now
	DiskFull                              // its disk has no space
	DiskError                             // its disk can't be read or written
	ReadOnly                              // it can be read, but not written
	OutcomeUnknown                        // the transaction may have been committed, or not
	UniqueViolation                       // the unique index in Error.Constraint is violated
	ForeignKeyViolation                   // a foreign key is violated
	Conflict                              // with another transaction; running again may succeed
)

var (
	// ErrConflict means that the database ended a transaction in favour of another one.
	ErrConflict = errors.New("conflict with another transaction")
	// ErrTimeout means that a statement or a transaction was cancelled because it took too long.
	ErrTimeout = errors.New("the database took too long")
	// ErrOutcomeUnknown means that the connection ended during a COMMIT.
	ErrOutcomeUnknown = errors.New("the outcome of the transaction is unknown")
)

// Error is a failure of the database of a class that callers act on. Failures of the class [Other],
// [sql.ErrNoRows] and those of a context are returned as they are.
type Error struct {
	Class ErrorClass
	// Constraint is set for a UniqueViolation: the name of the index on PostgreSQL, table.column
	// on SQLite.
	Constraint string
	Err        error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the failure of the driver.
func (e *Error) Unwrap() error { return e.Err }

// OpenError is the failure to open a database.
type OpenError struct {
	Op  string // with the location of the database, such as "open the database PATH"
	Err error
}

// Error implements error.
func (e *OpenError) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// TranslateError returns a failure of the driver as an [Error], where it is of a class. It is the
// only place that does so.
func (d *Dialect) TranslateError(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, done := errors.AsType[*Error](err); done {
		return err
	}
	switch class, constraint := d.Classify(err); class {
	case Other:
		return err
	case Conflict:
		return &Error{Class: Conflict, Err: fmt.Errorf("%w: %w", ErrConflict, err)}
	case OutcomeUnknown:
		return UnknownOutcome(err)
	default:
		return &Error{Class: class, Constraint: constraint, Err: err}
	}
}

// UnavailableError returns the failure of a whole transaction. No caller is at fault, so it is
// [Unavailable] unless the dialect knows more exactly what is wrong with the database.
func (d *Dialect) UnavailableError(err error) error {
	switch class, _ := d.Classify(err); class {
	case DiskFull, DiskError, ReadOnly:
		return &Error{Class: class, Err: err}
	case OutcomeUnknown:
		return UnknownOutcome(err)
	}
	return unavailableError(err)
}

func unavailableError(err error) error { return &Error{Class: Unavailable, Err: err} }

// UnknownOutcome returns the failure of a transaction whose COMMIT was not answered.
func UnknownOutcome(err error) error {
	return &Error{Class: OutcomeUnknown, Err: fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)}
}

// Timeout returns the failure of a call that was cancelled while its caller would still wait.
func Timeout(err error) error { return unavailableError(fmt.Errorf("%w: %w", ErrTimeout, err)) }

// CheckTimeout returns err as a [Timeout] if the cause of the end of ctx is [ErrTimeout].
func CheckTimeout(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ErrTimeout) || !errors.Is(context.Cause(ctx), ErrTimeout) {
		return err
	}
	return Timeout(err)
}
