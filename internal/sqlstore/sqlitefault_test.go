package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// What an operator reads of a database that does not work.
const (
	busy     = "The database cannot be used just now. Nothing was changed; try again."
	full     = "The disk of the database is full. Nothing was changed; try again."
	badDisk  = "The disk of the database cannot be read or written. Nothing was changed; try again."
	unknown  = "The database went away while the change was being kept. It may have been made: look before you try again."
	readOnly = "The database is read-only just now. Nothing was changed; try again."
)

// sqliteFailure is a failure of SQLite with its extended code.
type sqliteFailure int

func (f sqliteFailure) Code() int { return int(f) }
func (f sqliteFailure) Error() string {
	return fmt.Sprintf("/var/lib/usher/usher.db: failure %d", int(f))
}

// wantTrouble fails the test unless a failure means that the database is
// unavailable, and people are told why and nothing else; or, where message is "",
// unless it keeps its meaning, a fault of ours.
func wantTrouble(t *testing.T, cause, got error, message string) {
	t.Helper()
	e, ok := errors.AsType[*account.Error](got)
	switch {
	case message == "":
		want(t, "its meaning", got, cause)
	case !ok || e.Code != account.CodeUnavailable || e.Message != message || e.RetryAfter <= 0:
		t.Errorf("it means %v, want %q", got, message)
	case !errors.Is(got, cause):
		t.Error("its cause is lost to the log")
	}
}

func TestFailuresOfSQLite(t *testing.T) {
	for name, c := range map[string]struct {
		code    int
		message string
	}{
		"disk full":                          {sqlite3.SQLITE_FULL, full},
		"no room for the shared memory":      {sqlite3.SQLITE_IOERR_SHMSIZE, full},
		"write fails, as when read-only":     {sqlite3.SQLITE_IOERR_WRITE, badDisk},
		"read fails":                         {sqlite3.SQLITE_IOERR_READ, badDisk},
		"sync fails":                         {sqlite3.SQLITE_IOERR_FSYNC, unknown},
		"shared memory cannot be mapped":     {sqlite3.SQLITE_IOERR_SHMMAP, badDisk},
		"read-only":                          {sqlite3.SQLITE_READONLY, readOnly},
		"read-only, with a log to recover":   {sqlite3.SQLITE_READONLY_RECOVERY, readOnly},
		"the file was moved away":            {sqlite3.SQLITE_READONLY_DBMOVED, readOnly},
		"locked by another process":          {sqlite3.SQLITE_BUSY, busy},
		"locked while it recovers":           {sqlite3.SQLITE_BUSY_RECOVERY, busy},
		"changed since the transaction read": {sqlite3.SQLITE_BUSY_SNAPSHOT, busy},
		"a table is locked":                  {sqlite3.SQLITE_LOCKED, busy},
		"too many try to lock":               {sqlite3.SQLITE_PROTOCOL, busy},
		"cannot open":                        {sqlite3.SQLITE_CANTOPEN, busy},
		"out of memory":                      {sqlite3.SQLITE_NOMEM, busy},
		"out of memory in the file system":   {sqlite3.SQLITE_IOERR_NOMEM, busy},
		"interrupted":                        {sqlite3.SQLITE_INTERRUPT, busy},
		"a damaged file":                     {sqlite3.SQLITE_CORRUPT, ""},
		"no database":                        {sqlite3.SQLITE_NOTADB, ""},
		"a faulty statement":                 {sqlite3.SQLITE_ERROR, ""},
		"another constraint":                 {sqlite3.SQLITE_CONSTRAINT_NOTNULL, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cause := sqliteFailure(c.code)
			wantTrouble(t, cause, sqlstore.MeaningOnSQLite(cause), c.message)
		})
	}
}
