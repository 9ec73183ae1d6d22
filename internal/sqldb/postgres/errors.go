package postgres

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

func classify(err error) (class sqldb.ErrorClass, constraint string) {
	// A failure to connect is never a fault of the request, whatever error code the server sends.
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting {
		return sqldb.Unavailable, ""
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classifyCode(e), e.ConstraintName
	}
	_, network := errors.AsType[net.Error](err)
	switch {
	case network, pgconn.SafeToRetry(err), pgconn.Timeout(err),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone),
		errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return sqldb.Unavailable, ""
	}
	return sqldb.Other, ""
}

// classifyCode returns the class of a PostgreSQL error by its SQLSTATE. The first two characters of
// the SQLSTATE are the category that the SQL standard defines.
func classifyCode(e *pgconn.PgError) sqldb.ErrorClass {
	switch e.Code {
	case "23505":
		return sqldb.UniqueViolation
	case "23503", "23001":
		return sqldb.ForeignKeyViolation
	case "40001", "40P01": // serialization failure, deadlock
		return sqldb.Conflict
	case "0A000":
		if strings.Contains(e.Message, "cached plan") { // another server has migrated a table
			return sqldb.Conflict
		}
		return sqldb.Other
	case "53100": // disk full
		return sqldb.DiskFull
	case "58030": // I/O error
		return sqldb.DiskError
	case "25006": // read-only transaction: on a standby, or by the server's configuration
		return sqldb.ReadOnly
	case "25P03", "55P03": // idle in transaction, lock not available
		return sqldb.Unavailable
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "57", "58": // connection, resources, operator intervention, system error
		return sqldb.Unavailable
	}
	return sqldb.Other
}
