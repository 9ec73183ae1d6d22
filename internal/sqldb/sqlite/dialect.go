package sqlite

import "github.com/seed-3a99a2fe/usher/internal/sqldb"

// Dialect returns SQLite's dialect.
func Dialect() *sqldb.Dialect { return dialect }

var dialect = &sqldb.Dialect{
	Name:      "sqlite",
	InProcess: true,
	Now:       "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
	// One transaction writes at a time, so a later commit has higher ids. AUTOINCREMENT never
	// reuses an id.
	LastID:   func(table string) string { return "(SELECT COALESCE(max(id), 0) FROM " + table + ")" },
	NoIndex:  "+",
	IDs:      func(ids []int64) string { return sqldb.FormatIDs('[', ']', ids) },
	IDList:   jsonList,
	TextList: jsonList,
	Size:     "(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)",
	HasTable: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
	Classify: classify,
}

func jsonList(placeholder string) string { return "(SELECT value FROM json_each(" + placeholder + "))" }
