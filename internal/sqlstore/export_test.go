package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Exec runs a statement of a test in a transaction.
func Exec(ctx context.Context, t account.Tx, query string, args ...any) error {
	return t.(*tx).run(ctx, query, args...)
}

// SQLiteAt opens the database of a directory after migrating it to a version of
// the schema only, as an earlier release has left it.
func SQLiteAt(ctx context.Context, dir string, version int64) (*sql.DB, error) {
	db, err := sql.Open("sqlite", sqliteURL(filepath.Join(dir, DatabaseFile), url.Values{"_pragma": {"journal_mode(WAL)", "foreign_keys(1)"}}))
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return nil, err
	}
	_, err = provider.UpTo(ctx, version)
	return db, err
}

// MeaningOnSQLite returns what a failure of SQLite's driver means.
func MeaningOnSQLite(err error) error { return sqliteDialect.meaning(err) }

// MeaningOnPostgres returns what a failure of PostgreSQL's driver means.
func MeaningOnPostgres(err error) error { return postgresDialect.meaning(err) }

// ExecOutside runs a statement of a test on a connection for reads.
func ExecOutside(ctx context.Context, s *Store, query string) error { return s.run(ctx, query) }

// UserPageStatement returns the statement of a page of users, and its values.
func UserPageStatement(q account.UserQuery) (string, []any) { return userPage(sqliteDialect, q) }

// SelectImportRow finds the row of an import by its address.
const SelectImportRow = selectImportRow
