package sqlstore_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// schemaQueries maps the name of an engine to the queries that describe its schema. Each row is a line of text about a
// column, key, index or reference. The lines of both engines have the same form.
var schemaQueries = map[string][]string{
	"sqlite": {
		`SELECT 'column ' || m.name || ' ' || (c.cid + 1) || ' ' || c.name || ' ' || c.type
		     || CASE WHEN c."notnull" OR c.pk > 0 THEN ' not null' ELSE '' END || COALESCE(' default ' || c.dflt_value, '')
		 FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`,
		`SELECT 'primary key ' || name || ' ' || group_concat(column_name) FROM (
		     SELECT m.name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c
		     WHERE m.type = 'table' AND c.pk > 0 ORDER BY m.name, c.pk) GROUP BY name`,
		`SELECT 'index ' || name || CASE WHEN "unique" THEN ' unique ' ELSE ' ' END || tbl_name || ' '
		     || group_concat(column_name) || predicate FROM (
		     SELECT m.name, l."unique", m.tbl_name, c.name AS column_name,
		            CASE WHEN l.partial THEN substr(m.sql, instr(m.sql, ' WHERE ')) ELSE '' END AS predicate
		     FROM sqlite_master m, pragma_index_list(m.tbl_name) l, pragma_index_info(m.name) c
		     WHERE m.type = 'index' AND l.name = m.name AND m.sql IS NOT NULL ORDER BY m.name, c.seqno) GROUP BY name`,
		`SELECT 'foreign key ' || m.name || ' ' || f."from" || ' to ' || f."table" || ' ' || f."to"
		     || ' on delete ' || f.on_delete || ' on update ' || f.on_update
		 FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`,
	},
	"postgres": {
		`SELECT 'column ' || table_name || ' ' || ordinal_position || ' ' || column_name || ' ' || data_type
		     || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || COALESCE(' default ' || column_default, '')
		 FROM information_schema.columns WHERE table_schema = 'public'`,
		`SELECT 'primary key ' || c.relname || ' ' || string_agg(a.attname, ',' ORDER BY array_position(k.conkey, a.attnum))
		 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
		 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
		 WHERE k.contype = 'p' AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname`,
		`SELECT 'index ' || n.relname || CASE WHEN i.indisunique THEN ' unique ' ELSE ' ' END || c.relname || ' '
		     || string_agg(a.attname, ',' ORDER BY array_position(CAST(i.indkey AS SMALLINT[]), a.attnum)) ||
			COALESCE(' WHERE ' || pg_get_expr(i.indpred, c.oid), '')
		 FROM pg_index i JOIN pg_class n ON n.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
		 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
		 WHERE NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace
		 GROUP BY n.relname, i.indisunique, c.relname, i.indpred, c.oid`,
		`SELECT 'foreign key ' || c.relname || ' ' || a.attname || ' to ' || o.relname || ' ' || b.attname
		     || ' on delete ' || CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'r' THEN 'RESTRICT' WHEN 'a' THEN 'NO ACTION'
		                         ELSE k.confdeltype::text END
		     || ' on update ' || CASE k.confupdtype WHEN 'a' THEN 'NO ACTION' ELSE k.confupdtype::text END
		 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class o ON o.oid = k.confrelid
		 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
		 JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = ANY (k.confkey)
		 WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace`,
	},
}

// normalizations are replacements that make the lines of both engines equal. They change the names of types, the
// defaults of bytes and booleans, and the brackets and casts of conditions.
var normalizations = []struct {
	from *regexp.Regexp
	to   string
}{
	{regexp.MustCompile(`::(text|bytea)(\[\])?`), ""},
	{regexp.MustCompile(`\b(bigint|boolean)\b`), "INTEGER"},
	{regexp.MustCompile(`\btext\b`), "TEXT"},
	{regexp.MustCompile(`\bbytea\b`), "BLOB"},
	{regexp.MustCompile(`default (x''|'\\x')$`), "default ''"},
	{regexp.MustCompile(`default false$`), "default 0"},
	{regexp.MustCompile(`[()]`), ""},
	{regexp.MustCompile(`= ANY ARRAY\[(.*)\]`), "IN $1"},
	{regexp.MustCompile(`~~`), "LIKE"},
	{regexp.MustCompile(`(?s)\s+`), " "},
}

// schemaOf returns a description of the schema as sorted lines.
func schemaOf(t *testing.T, engine string, db *sql.DB) (lines []string) {
	t.Helper()
	for _, query := range schemaQueries[engine] {
		for _, line := range texts(t, db, query) {
			if strings.Contains(line, "goose") || strings.Contains(line, "sqlite_") {
				continue
			}
			for _, s := range normalizations {
				line = s.from.ReplaceAllString(line, s.to)
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// Both engines have the same schema, so that data can be moved between them. The test compares tables, columns in order
// with type, NULL and default, keys, indexes and references.
func TestSchemasAreEqual(t *testing.T) {
	of := map[string][]string{}
	for _, e := range enginetest.Engines {
		db := e.New(t)
		db.Open()
		of[e.Name] = schemaOf(t, e.Name, db.SQL())
	}
	counts := map[string]int{}
	for _, line := range of["sqlite"] {
		kind, _, _ := strings.Cut(line, " ")
		counts[kind]++
		if !slices.Contains(of["postgres"], line) {
			t.Errorf("only SQLite has %s", line)
		}
	}
	for _, line := range of["postgres"] {
		if !slices.Contains(of["sqlite"], line) {
			t.Errorf("only PostgreSQL has %s", line)
		}
	}
	for kind, least := range map[string]int{"column": 120, "primary": 20, "index": 20, "foreign": 10} {
		if counts[kind] < least {
			t.Errorf("%d lines of %s were compared, want at least %d", counts[kind], kind, least)
		}
	}
}

// Each of these changes to the schema changes the result of schemaOf.
func TestSchemaDifferencesAreFound(t *testing.T) {
	for _, e := range enginetest.Engines {
		db := e.New(t)
		db.Open()
		raw := db.SQL()
		before := fmt.Sprint(schemaOf(t, e.Name, raw))
		for _, change := range []string{
			"ALTER TABLE roles ADD COLUMN more TEXT",
			"DROP INDEX api_keys_user",
			"CREATE UNIQUE INDEX api_keys_user ON api_keys (user_id, id)",
			"DROP INDEX activity_unsealed",
			"CREATE INDEX activity_unsealed ON activity (id) WHERE number = 1",
			"DROP INDEX import_rows_email",
			"CREATE INDEX import_rows_email ON import_rows (import_id, row, email_key)",
			"CREATE TABLE other (id TEXT PRIMARY KEY)",
			"DROP TABLE known_sources",
			"CREATE TABLE known_sources (user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE RESTRICT, " +
				"source TEXT NOT NULL, last_at BIGINT NOT NULL)",
		} {
			if _, err := raw.Exec(change); err != nil {
				t.Fatalf("%s: %v", change, err)
			}
			after := fmt.Sprint(schemaOf(t, e.Name, raw))
			if after == before {
				t.Errorf("%s: not found on %s", change, e.Name)
			}
			before = after
		}
	}
}
