package sqlstore

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
)

// Exec runs a statement of a test in a transaction.
func Exec(ctx context.Context, t account.Tx, query string, args ...any) error {
	return t.(*tx).atLength().run(ctx, query, args...)
}

// MigrateTo brings an empty database to a version of the schema, as an earlier
// release has left it.
func MigrateTo(ctx context.Context, db *sql.DB, engine string, version int64) error {
	provider, err := newProvider(db, &dialect{name: engine})
	if err == nil {
		_, err = provider.UpTo(ctx, version)
	}
	return err
}

// Schemas are the versions of an engine's schema.
func Schemas(engine string) (versions []int64) {
	provider, err := newProvider(new(sql.DB), &dialect{name: engine})
	if err != nil {
		panic(err)
	}
	for _, source := range provider.ListSources() {
		versions = append(versions, source.Version)
	}
	return versions
}

// MeaningOnSQLite returns what a failure of SQLite's driver means.
func MeaningOnSQLite(err error) error { return sqliteDialect.meaning(err) }

// MeaningOnPostgres returns what a failure of PostgreSQL's driver means.
func MeaningOnPostgres(err error) error { return postgresDialect.meaning(err) }

// ExecOutside runs a statement of a test on a connection for reads.
func ExecOutside(ctx context.Context, s *Store, query string) error { return s.run(ctx, query) }

// HoldReader keeps one of the connections that read until the returned function is called.
func HoldReader(t *testing.T, s *Store) (release func()) {
	t.Helper()
	conn, err := s.rare.(direct).db.(*sql.DB).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.Close() }
}

// UserPageStatement returns the statement of a page of users, and its values.
func UserPageStatement(q account.UserQuery) (string, []any) { return userPage(sqliteDialect, q) }

// ActivityPageStatement returns the statement of a page of the activity log, and its values.
func ActivityPageStatement(q account.ActivityQuery) (string, []any) {
	return activityPage(sqliteDialect, q)
}

// The statements of the overview.
const (
	CountUsers   = countUsers
	CountLocked  = countLocked
	SelectLocked = selectLocked
	CountSignIns = countSignIns
	CountMail    = countMail
)

// NewClock returns a clock that follows the database's on a machine with that clock, and
// its end.
func NewClock(ctx context.Context, s *Store, machine *monotime.Clock) (now func() time.Time, end func() error, err error) {
	c, end, err := newClock(ctx, s.queries, machine)
	if err != nil {
		return nil, nil, err
	}
	return c.Now, end, nil
}

// These look for many addresses at once.
var (
	SelectImportRows = selectImportRows(sqliteDialect)
	SelectTaken      = selectTaken(sqliteDialect)
)
