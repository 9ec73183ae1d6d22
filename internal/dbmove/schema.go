package dbmove

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

// tableSchema is a table as the database describes it.
type tableSchema struct {
	name     string
	columns  []column // sorted by name
	key      []column // columns of the primary key, in the key's order
	idColumn string   // the column whose values the database generates; "" if there is none
	parents  []string // the tables that its foreign keys reference
}

type column struct {
	name string
	kind kind
}

// kind is the type of a column, independent of the engine.
type kind string

const (
	kindInteger kind = "integer" // on SQLite also booleans
	kindBoolean kind = "boolean"
	kindText    kind = "text"
	kindBytes   kind = "bytes"
)

// kindOf returns the kind for a column type that a migration uses, on either engine. It returns ""
// for other types.
func kindOf(columnType string) kind {
	switch columnType {
	case "INTEGER", "int8":
		return kindInteger
	case "bool":
		return kindBoolean
	case "TEXT", "text":
		return kindText
	case "BLOB", "bytea":
		return kindBytes
	}
	return ""
}

// schema reads the tables of the database, each after the tables that it references.
func (e *endpoint) schema(ctx context.Context) ([]tableSchema, error) {
	tables := map[string]*tableSchema{}
	_, err := sqldb.All(ctx, e.querier(), func(row sqldb.Row) (struct{}, error) {
		return struct{}{}, scanColumn(row, tables)
	}, e.engine.columns())
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	_, err = sqldb.All(ctx, e.querier(), func(row sqldb.Row) (struct{}, error) {
		var child, parent string
		err := row.Scan(&child, &parent)
		if t := tables[child]; t != nil && parent != child {
			t.parents = append(t.parents, parent)
		}
		return struct{}{}, err
	}, e.engine.references())
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return sortByReferences(tables)
}

// scanColumn reads a row of the query of engine.columns and adds the column to its table. It relies
// on the order of the rows for the columns of a primary key.
func scanColumn(row sqldb.Row, tables map[string]*tableSchema) error {
	var table, name, columnType string
	var inKey, givesIDs bool
	if err := row.Scan(&table, &name, &columnType, &inKey, &givesIDs); err != nil {
		return err
	}
	if table == sqldb.UnfinishedMoveTable || table == "goose_db_version" {
		return nil
	}
	t := tables[table]
	if t == nil {
		t = &tableSchema{name: table}
		tables[table] = t
	}
	c := column{name, kindOf(columnType)}
	if c.kind == "" {
		return fmt.Errorf("no move knows the type %s of %s.%s", columnType, table, name)
	}
	t.columns = append(t.columns, c)
	if inKey {
		t.key = append(t.key, c)
	}
	if givesIDs {
		t.idColumn = name
	}
	return nil
}

// sortByReferences sorts tables so that each table comes after the tables that it references.
func sortByReferences(tables map[string]*tableSchema) (sorted []tableSchema, err error) {
	placed := map[string]bool{}
	for len(sorted) < len(tables) {
		before := len(sorted)
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			t := tables[name]
			if placed[name] || slices.ContainsFunc(t.parents, func(p string) bool { return !placed[p] }) {
				continue
			}
			if len(t.key) == 0 {
				return nil, fmt.Errorf("the table %s has no primary key to be moved by", name)
			}
			slices.SortFunc(t.columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
			sorted, placed[name] = append(sorted, *t), true
		}
		if len(sorted) == before {
			return nil, errors.New("tables refer to one another in a circle")
		}
	}
	return sorted, nil
}

// compareSchemas fails unless the source and the target have the same tables, with columns of the
// same kinds. An integer column equals a boolean one, since SQLite has no booleans.
func compareSchemas(source, target []tableSchema) error {
	there := describe(target)
	for i, here := range describe(source) {
		if i >= len(there) || here != there[i] {
			return fmt.Errorf("the source has what the target has not: %s", here)
		}
	}
	if len(there) > len(source) {
		return fmt.Errorf("the target has what the source has not: %s", there[len(source)])
	}
	return nil
}

func describe(schema []tableSchema) (lines []string) {
	for _, t := range schema {
		line := fmt.Sprintf("%s %v by %v, counted %q", t.name, t.columns, t.key, t.idColumn)
		lines = append(lines, strings.ReplaceAll(line, string(kindBoolean), string(kindInteger)))
	}
	return lines
}

// selectRows returns the query for the rows of the table in the order of their primary keys. If
// hasAfterKey is true, the parameters of the query are a key, and the query returns only the rows
// after this key. collate is the COLLATE clause that sorts text by its bytes, whatever the
// collation of a column.
func (t *tableSchema) selectRows(collate string, hasAfterKey bool) string {
	order, places := t.order(collate), make([]string, len(t.key))
	for i := range t.key {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	by := strings.Join(order, ", ")
	where := ""
	if hasAfterKey {
		where = fmt.Sprintf(" WHERE (%s) > (%s)", by, strings.Join(places, ", "))
	}
	return fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s", columnList(t.columns), quote(t.name), where, by)
}

// selectLastKey returns the query for the last primary key of the table.
func (t *tableSchema) selectLastKey(collate string) string {
	by := strings.Join(t.order(collate), " DESC, ")
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY %s DESC LIMIT 1", columnList(t.key), quote(t.name), by)
}

// order returns the expressions that the rows are sorted by.
func (t *tableSchema) order(collate string) []string {
	order := make([]string, len(t.key))
	for i, c := range t.key {
		order[i] = quote(c.name)
		if c.kind == kindText {
			order[i] += collate
		}
	}
	return order
}

func columnList(columns []column) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quote(c.name)
	}
	return strings.Join(quoted, ", ")
}

func quote(name string) string { return `"` + name + `"` }
