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

// ExecOutside runs a statement on a connection for reads.
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

// TakeReader takes one of the connections for reads until the returned function is called.
func TakeReader(t *testing.T, s *Store) (release func()) {
	t.Helper()
	conn, err := s.db.Unprepared.(sqldb.Immediate).DB.(*sql.DB).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.Close() }
}

// UserPageStatement returns the statement of a page of users, and its values.
func UserPageStatement(q account.UserQuery) (string, []any) { return userPage(sqlite.Dialect(), q) }

// ActivityPageStatement returns the statement of a page of the activity log, and its values.
func ActivityPageStatement(q account.ActivityQuery) (string, []any) {
	return activityPage(sqlite.Dialect(), q)
}

// SelectImportRows returns the statement that finds rows of an import by their addresses.
func SelectImportRows() string { return selectImportRows(sqlite.Dialect()) }

// SelectTakenEmails returns the statement that finds which addresses are taken.
func SelectTakenEmails() string { return selectTakenEmails(sqlite.Dialect()) }

// The statements of the overview.
const (
	CountUsers   = countUsers
	CountLocked  = countLocked
	SelectLocked = selectLocked
	CountSignIns = countSignIns
	CountMail    = countMail
)
