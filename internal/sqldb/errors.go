package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrorClass is the category of a driver's error.
type ErrorClass int

// The categories of errors.
const (
	Other               ErrorClass = iota // a bug in Usher, or an unknown failure
	Unavailable                           // the database can't be reached or used at present
	DiskFull                              // the database's disk has no space
	DiskError                             // the database's disk can't be read or written
	ReadOnly                              // the database can be read, but not written
	OutcomeUnknown                        // the transaction may have been committed, or not
	UniqueViolation                       // the unique index in Error.Constraint is violated
	ForeignKeyViolation                   // a foreign key is violated
	Conflict                              // conflict with another transaction; a retry may succeed
)

var (
	// ErrConflict means that the database rolled a transaction back because of a conflict with
	// another one.
	ErrConflict = errors.New("conflict with another transaction")
	// ErrTimeout means that a statement or a transaction was cancelled because it took too long.
	ErrTimeout = errors.New("the database took too long")
	// ErrOutcomeUnknown means that a COMMIT failed, but may have taken effect: for example, its
	// connection broke.
	ErrOutcomeUnknown = errors.New("the outcome of the transaction is unknown")
)

// Error is a failure of the database with its class. Failures of the class [Other], [sql.ErrNoRows]
// and context errors are returned without an Error around them.
type Error struct {
	Class ErrorClass
	// Constraint names the unique index of a UniqueViolation: by the index's name on PostgreSQL, as
	// table.column on SQLite.
	Constraint string
	Err        error
}

// Error implements error.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.Err }

// OpenError is the failure to open a database.
type OpenError struct {
	Op  string // the failed operation with the database's location: "open the database PATH"
	Err error
}

// Error implements error.
func (e *OpenError) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// TranslateError wraps a driver's error in an [Error] with its class. It returns errors of the
// class [Other], [sql.ErrNoRows] and context errors unchanged. The error of every statement passes
// through it.
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

// UnavailableError returns the error for a transaction that failed as a whole, for example at BEGIN
// or COMMIT. No single caller caused the failure. So its class is [Unavailable], unless the dialect
// recognizes [DiskFull], [DiskError], [ReadOnly] or [OutcomeUnknown].
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

// UnknownOutcome returns an error of the class [OutcomeUnknown], for a COMMIT that has failed but
// may have taken effect.
func UnknownOutcome(err error) error {
	return &Error{Class: OutcomeUnknown, Err: fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)}
}

// Timeout returns an error of the class [Unavailable] for a call that exceeded a time limit of the
// database. A caller whose own deadline has passed gets a context error instead.
func Timeout(err error) error { return unavailableError(fmt.Errorf("%w: %w", ErrTimeout, err)) }

// CheckTimeout returns err as a [Timeout] if ctx was cancelled with the cause [ErrTimeout].
// Otherwise it returns err.
func CheckTimeout(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, ErrTimeout) || !errors.Is(context.Cause(ctx), ErrTimeout) {
		return err
	}
	return Timeout(err)
}
