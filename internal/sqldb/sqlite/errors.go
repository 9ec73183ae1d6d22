package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// primaryCode is the mask of SQLite's primary result codes. The other bits extend them.
const primaryCode = 0xff

// sqliteError is implemented by *[sqlite.Error], which tests can't construct.
type sqliteError interface {
	error
	Code() int
}

func classify(err error) (class sqldb.ErrorClass, constraint string) {
	e, ok := errors.AsType[sqliteError](err)
	if !ok {
		return sqldb.Other, ""
	}
	if e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE {
		return sqldb.UniqueViolation, violated(e)
	}
	return classifyCode(e.Code()), ""
}

func classifyCode(code int) sqldb.ErrorClass {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return sqldb.ForeignKeyViolation // SQLite reports RESTRICT as a trigger
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no space for the index of the write-ahead log
		return sqldb.DiskFull
	case sqlite3.SQLITE_IOERR_FSYNC: // the write-ahead log may hold the change if the server ends now
		return sqldb.OutcomeUnknown
	case sqlite3.SQLITE_IOERR_NOMEM:
		return sqldb.Unavailable
	}
	switch code & primaryCode {
	case sqlite3.SQLITE_FULL:
		return sqldb.DiskFull
	case sqlite3.SQLITE_IOERR:
		return sqldb.DiskError
	case sqlite3.SQLITE_READONLY:
		return sqldb.ReadOnly
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, // locked by others
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return sqldb.Unavailable
	}
	return sqldb.Other
}

// violated returns the column, as table.column, of a message such as
// "constraint failed: UNIQUE constraint failed: users.email_key (2067)".
func violated(err error) string {
	_, columns, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
	column, _, _ := strings.Cut(columns, " ")
	return column
}

// fileError returns a failure to read a file as [ErrNotUsher] or [ErrDamaged], if it is one.
func fileError(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & primaryCode {
		case sqlite3.SQLITE_NOTADB:
			return ErrNotUsher
		case sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}
