package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unfinishedMove is a table that a database has while it is the target of a move.
// It names the source.
const unfinishedMove = "unfinished_move"

// moveTable is a table as the schema has it. What is moved is read from there, so
// that a table of a later migration is moved as all others are.
type moveTable struct {
	name    string
	columns []moveColumn // by name
	key     []moveColumn // those of the primary key, in its order
	counter string       // the column whose ids the database counts, or empty
	parents []string     // the tables that it refers to
}

type moveColumn struct {
	name string
	kind moveKind
}

// moveKind is what a column holds.
type moveKind string

const (
	moveInteger moveKind = "integer" // and booleans, where the engine has none
	moveBoolean moveKind = "boolean"
	moveText    moveKind = "text"
	moveBytes   moveKind = "bytes"
)

// moveKinds are the types of columns that the migrations of all engines use.
var moveKinds = map[string]moveKind{
	"INTEGER": moveInteger, "TEXT": moveText, "BLOB": moveBytes,
	"int8": moveInteger, "bool": moveBoolean, "text": moveText, "bytea": moveBytes,
}

// tables reads the schema: every table after those that it refers to.
func (s *moveSide) tables(ctx context.Context) ([]moveTable, error) {
	q := queries{db: direct{s.db}, rare: direct{s.db}, dialect: s.dialect}
	tables := map[string]*moveTable{}
	_, err := all(ctx, q, func(row scanner) (struct{}, error) {
		return struct{}{}, scanColumn(row, tables)
	}, s.engine.columns())
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	_, err = all(ctx, q, func(row scanner) (struct{}, error) {
		var child, parent string
		err := row.Scan(&child, &parent)
		if t := tables[child]; t != nil && parent != child {
			t.parents = append(t.parents, parent)
		}
		return struct{}{}, err
	}, s.engine.references())
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	return inOrder(tables)
}

// scanColumn reads a column. Those of a key come in its order.
func scanColumn(row scanner, tables map[string]*moveTable) error {
	var table, column, kind string
	var inKey, counted bool
	if err := row.Scan(&table, &column, &kind, &inKey, &counted); err != nil {
		return err
	}
	if table == unfinishedMove || table == "goose_db_version" {
		return nil
	}
	t := tables[table]
	if t == nil {
		t = &moveTable{name: table}
		tables[table] = t
	}
	c := moveColumn{column, moveKinds[kind]}
	if c.kind == "" {
		return fmt.Errorf("no move knows the type %s of %s.%s", kind, table, column)
	}
	t.columns = append(t.columns, c)
	if inKey {
		t.key = append(t.key, c)
	}
	if counted {
		t.counter = column
	}
	return nil
}

// inOrder sorts tables so that each comes after those that it refers to.
func inOrder(tables map[string]*moveTable) (sorted []moveTable, err error) {
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
			slices.SortFunc(t.columns, func(a, b moveColumn) int { return strings.Compare(a.name, b.name) })
			sorted, placed[name] = append(sorted, *t), true
		}
		if len(sorted) == before {
			return nil, errors.New("tables refer to one another in a circle")
		}
	}
	return sorted, nil
}

// equalTables fails unless two engines have the same tables, with columns that
// hold the same.
func equalTables(source, target []moveTable) error {
	describe := func(tables []moveTable) (list []string) {
		for _, t := range tables {
			list = append(list, strings.ReplaceAll(fmt.Sprintf("%s %v by %v, counted %q", t.name, t.columns, t.key, t.counter), string(moveBoolean), string(moveInteger)))
		}
		return list
	}
	theirs := describe(target)
	for i, ours := range describe(source) {
		if i >= len(theirs) || ours != theirs[i] {
			return fmt.Errorf("the source has what the target has not: %s", ours)
		}
	}
	if len(theirs) > len(source) {
		return fmt.Errorf("the target has what the source has not: %s", theirs[len(source)])
	}
	return nil
}

// selection is the query for all rows of a table in the order of its key, or those
// behind a key: texts byte by byte, whatever the collation of the column.
func (t *moveTable) selection(bytewise string, behind bool) string {
	order, places := t.order(bytewise), make([]string, len(t.key))
	for i := range t.key {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	where := ""
	if behind {
		where = fmt.Sprintf(" WHERE (%s) > (%s)", strings.Join(order, ", "), strings.Join(places, ", "))
	}
	return fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s", names(t.columns), quote(t.name), where, strings.Join(order, ", "))
}

// lastKey is the query for the last key of a table.
func (t *moveTable) lastKey(bytewise string) string {
	return fmt.Sprintf("SELECT %s FROM %s ORDER BY %s DESC LIMIT 1", names(t.key), quote(t.name), strings.Join(t.order(bytewise), " DESC, "))
}

// order is what the rows are sorted by.
func (t *moveTable) order(bytewise string) []string {
	order := make([]string, len(t.key))
	for i, c := range t.key {
		order[i] = quote(c.name)
		if c.kind == moveText {
			order[i] += bytewise
		}
	}
	return order
}

func names(columns []moveColumn) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = quote(c.name)
	}
	return strings.Join(quoted, ", ")
}

func quote(name string) string { return `"` + name + `"` }

// hasTable reports whether a database has a table.
func hasTable(ctx context.Context, db *sql.DB, d *dialect, name string) (bool, error) {
	n, err := number(ctx, db, d.hasTable, name)
	return n > 0, err
}

// refuseUnfinished fails with ErrUnfinishedMove for the target of a move.
func refuseUnfinished(ctx context.Context, db *sql.DB, d *dialect) error {
	unfinished, err := hasTable(ctx, db, d, unfinishedMove)
	if err == nil && unfinished {
		err = ErrUnfinishedMove
	}
	return err
}
