package postgres

import "github.com/seed-3a99a2fe/usher/internal/sqldb"

// Dialect returns PostgreSQL's dialect.
func Dialect() *sqldb.Dialect { return dialect }

var dialect = &sqldb.Dialect{
	Name: "postgres",
	// Now is not clock_timestamp(): that function is volatile, and PostgreSQL uses no index to
	// compare a column with it.
	Now: "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)",
	// No id is certain to be the highest. A row gets its id when it is inserted, and an open
	// transaction with a smaller id may commit later.
	LastID:     func(string) string { return "CAST(0 AS BIGINT)" },
	LockRow:    " FOR UPDATE",
	ShareRow:   " FOR SHARE",
	SkipLocked: " FOR UPDATE SKIP LOCKED",
	LockKey:    "pg_advisory_xact_lock(number) IS NOT NULL",
	ShareKey:   "pg_advisory_xact_lock_shared(number) IS NOT NULL",
	IDs:        func(ids []int64) string { return sqldb.FormatIDs('{', '}', ids) },
	IDList: func(placeholder string) string {
		return "(SELECT value FROM unnest(CAST(" + placeholder + " AS BIGINT[])) AS ids (value))"
	},
	TextList: func(placeholder string) string {
		return "(SELECT value FROM jsonb_array_elements_text(CAST(" + placeholder + " AS JSONB)) AS texts (value))"
	},
	Size:     "pg_database_size(current_database())",
	HasTable: "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1",
	Classify: classify,
}
