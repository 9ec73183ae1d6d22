package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// The messages of errors of CodeUnavailable.
const (
	unavailable    = "The database cannot be used just now. Nothing was changed; try again."
	diskFull       = "The disk of the database is full. Nothing was changed; try again."
	diskError      = "The disk of the database cannot be read or written. Nothing was changed; try again."
	outcomeUnknown = "The database went away while the change was being kept. " +
		"It may have been made: look before you try again."
	readOnly = "The database is read-only just now. Nothing was changed; try again."
)

// sqliteFailure is an error of SQLite with its extended result code.
type sqliteFailure int

func (f sqliteFailure) Code() int { return int(f) }
func (f sqliteFailure) Error() string {
	return fmt.Sprintf("/var/lib/usher/usher.db: failure %d", int(f))
}

// wantUnavailableError fails the test unless got is an account.Error of CodeUnavailable with the
// message and the cause. If message is "", got must be the cause unchanged.
func wantUnavailableError(t *testing.T, cause, got error, message string) {
	t.Helper()
	e, ok := errors.AsType[*account.Error](got)
	switch {
	case message == "":
		want(t, "the error", got, cause)
	case !ok || e.Code != account.CodeUnavailable || e.Message != message || e.RetryAfter <= 0:
		t.Errorf("got %v, want %q", got, message)
	case !errors.Is(got, cause):
		t.Error("the error does not wrap its cause")
	}
}

func TestTranslateSQLiteError(t *testing.T) {
	for name, c := range map[string]struct {
		code    int
		message string
	}{
		"disk full":                          {sqlite3.SQLITE_FULL, diskFull},
		"no room for the shared memory":      {sqlite3.SQLITE_IOERR_SHMSIZE, diskFull},
		"write fails, as when read-only":     {sqlite3.SQLITE_IOERR_WRITE, diskError},
		"read fails":                         {sqlite3.SQLITE_IOERR_READ, diskError},
		"sync fails":                         {sqlite3.SQLITE_IOERR_FSYNC, outcomeUnknown},
		"shared memory cannot be mapped":     {sqlite3.SQLITE_IOERR_SHMMAP, diskError},
		"read-only":                          {sqlite3.SQLITE_READONLY, readOnly},
		"read-only, with a log to recover":   {sqlite3.SQLITE_READONLY_RECOVERY, readOnly},
		"the file was moved away":            {sqlite3.SQLITE_READONLY_DBMOVED, readOnly},
		"locked by another process":          {sqlite3.SQLITE_BUSY, unavailable},
		"locked while it recovers":           {sqlite3.SQLITE_BUSY_RECOVERY, unavailable},
		"changed since the transaction read": {sqlite3.SQLITE_BUSY_SNAPSHOT, unavailable},
		"a table is locked":                  {sqlite3.SQLITE_LOCKED, unavailable},
		"a race for the lock":                {sqlite3.SQLITE_PROTOCOL, unavailable},
		"cannot open":                        {sqlite3.SQLITE_CANTOPEN, unavailable},
		"out of memory":                      {sqlite3.SQLITE_NOMEM, unavailable},
		"out of memory in the file system":   {sqlite3.SQLITE_IOERR_NOMEM, unavailable},
		"interrupted":                        {sqlite3.SQLITE_INTERRUPT, unavailable},
		"a damaged file":                     {sqlite3.SQLITE_CORRUPT, ""},
		"no database":                        {sqlite3.SQLITE_NOTADB, ""},
		"a faulty statement":                 {sqlite3.SQLITE_ERROR, ""},
		"another constraint":                 {sqlite3.SQLITE_CONSTRAINT_NOTNULL, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cause := sqliteFailure(c.code)
			wantUnavailableError(t, cause, sqlstore.TranslateSQLiteError(cause), c.message)
		})
	}
}
