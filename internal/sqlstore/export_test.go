package sqlstore

import (
	"context"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Exec runs a statement of a test in a transaction.
func Exec(ctx context.Context, t account.Tx, query string, args ...any) error {
	return t.(*tx).run(ctx, query, args...)
}

// ExecOutside runs a statement of a test on a connection for reads.
func ExecOutside(ctx context.Context, s *Store, query string) error { return s.run(ctx, query) }

// UserPageStatement returns the statement of a page of users, and its values.
func UserPageStatement(q account.UserQuery) (string, []any) { return newUserPage(sqliteDialect, q) }

// SelectImportRow finds the row of an import by its address.
const SelectImportRow = selectImportRow
