package sqlstore_test

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
)

// ownTables returns the tables that the migrations create.
func ownTables(t *testing.T, db *sql.DB) []string {
	return texts(t, db, `
		SELECT name FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version' ORDER BY name`)
}

func schema(t *testing.T) *sql.DB {
	dir := t.TempDir()
	openDir(t, dir)
	return openSQL(t, dir)
}

func TestSchemaIsStrict(t *testing.T) {
	db := schema(t)
	tables := ownTables(t, db)
	if len(tables) < 10 {
		t.Fatalf("the schema has only the tables %v", tables)
	}
	for _, table := range tables {
		strict := texts(t, db, "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = $1", table)
		if strict[0] != "1" {
			t.Errorf("table %s is not STRICT", table)
		}
	}
}

// Deleting a row searches every table that references it, so foreign keys need an index.
func TestSchemaIndexesForeignKeys(t *testing.T) {
	db := schema(t)
	keys := 0
	for _, table := range ownTables(t, db) {
		indexed := texts(t, db, `
			SELECT c.name FROM pragma_index_list($1) l, pragma_index_info(l.name) c WHERE c.seqno = 0 AND NOT l.partial`, table)
		for _, column := range texts(t, db, `SELECT "from" FROM pragma_foreign_key_list($1)`, table) {
			keys++
			if !slices.Contains(indexed, column) {
				t.Errorf("no index begins with the foreign key %s.%s", table, column)
			}
		}
	}
	if keys < 8 {
		t.Errorf("the schema has only %d foreign keys", keys)
	}
}

func TestSchemaNeverReusesIDs(t *testing.T) {
	db := schema(t)
	for _, table := range texts(t, db, `
		SELECT DISTINCT m.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name = 'id' AND c.type = 'INTEGER' AND m.name NOT LIKE 'goose%'`) {
		if created := texts(t, db, "SELECT sql FROM sqlite_master WHERE name = $1", table); !strings.Contains(created[0],
			"AUTOINCREMENT") {
			t.Errorf("the ids of table %s are not AUTOINCREMENT", table)
		}
	}
}
