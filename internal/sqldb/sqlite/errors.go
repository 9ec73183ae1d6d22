package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// primaryCode is the mask of SQLite's primary result code. The other bits of an extended result
// code give details.
const primaryCode = 0xff

// sqliteError is the part of *[sqlite.Error] that classify uses. It is an interface because tests
// can't construct a sqlite.Error.
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
		return sqldb.ForeignKeyViolation // SQLite reports a violated ON DELETE RESTRICT as a trigger
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no space for the index of the write-ahead log
		return sqldb.DiskFull
	case sqlite3.SQLITE_IOERR_FSYNC: // after a crash the write-ahead log may hold the commit
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

// violated returns the column that the error's message names, as table.column. A message is for
// example "constraint failed: UNIQUE constraint failed: users.email_key (2067)".
func violated(err error) string {
	_, columns, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
	column, _, _ := strings.Cut(columns, " ")
	return column
}

// fileError returns [ErrNotUsher] if err says that a file is not an SQLite database. If the file
// is corrupt, it wraps err in [ErrDamaged]. It returns other errors unchanged.
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
