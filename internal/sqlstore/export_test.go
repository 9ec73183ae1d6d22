package sqlstore

import (
	"context"
	"database/sql"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
)

// Exec runs a statement in a transaction.
func Exec(ctx context.Context, t *account.Tx, query string, args ...any) error {
	return t.InstanceWriter.(instanceWriter).cancellable().execDeferred(ctx, query, args...)
}

// ExecOutside runs a statement outside of a transaction, on a connection for reads.
func ExecOutside(ctx context.Context, s *Store, query string) error {
	return s.querier.execDeferred(ctx, query)
}

// TranslateSQLiteError translates a failure of SQLite's driver.
func TranslateSQLiteError(err error) error {
	return translateError(sqlite.Dialect().TranslateError(err))
}

// TranslatePostgresError translates a failure of PostgreSQL's driver.
func TranslatePostgresError(err error) error {
	return translateError(postgres.Dialect().TranslateError(err))
}

// TakeReader takes a connection from the pool for reads, and returns the function that gives it
// back.
func TakeReader(t *testing.T, s *Store) (release func()) {
	t.Helper()
	conn, err := s.db.Unprepared.(sqldb.Immediate).DB.(*sql.DB).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.Close() }
}

// UserPageStatement returns SQLite's statement for a page of users, and its parameter values.
func UserPageStatement(q account.UserQuery) (string, []any) { return userPage(sqlite.Dialect(), q) }

// ActivityPageStatement returns SQLite's statement for a page of the activity log, and its
// parameter values.
func ActivityPageStatement(q account.ActivityQuery) (string, []any) {
	return activityPage(sqlite.Dialect(), q)
}

// SelectImportRows returns SQLite's statement that finds the rows of an import by e-mail address.
func SelectImportRows() string { return selectImportRows(sqlite.Dialect()) }

// SelectTakenEmails returns SQLite's statement that finds which e-mail addresses have an account.
func SelectTakenEmails() string { return selectTakenEmails(sqlite.Dialect()) }

// The statements of the overview page, for the test of their query plans.
const (
	CountUsers   = countUsers
	CountLocked  = countLocked
	SelectLocked = selectLocked
	CountSignIns = countSignIns
	CountMail    = countMail
)
