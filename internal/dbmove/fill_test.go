package dbmove

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
)

// testRows is how many rows fill inserts into a table, unless the schema allows fewer.
const testRows = 24

// sqlitePlace returns an empty data directory.
func sqlitePlace(t *testing.T) Place { return Place{Directory: t.TempDir()} }

// postgresPlace returns an empty PostgreSQL database.
func postgresPlace(t *testing.T) Place {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	return Place{Postgres: postgres.Config{URL: secret.New(cluster.SocketURL(name))}}
}

// directions are the tested moves: every combination of source and target engine.
var directions = []struct {
	name     string
	from, to func(*testing.T) Place
}{
	{"to PostgreSQL", sqlitePlace, postgresPlace},
	{"to SQLite", postgresPlace, sqlitePlace},
	{"SQLite to SQLite", sqlitePlace, sqlitePlace},
	{"PostgreSQL to PostgreSQL", postgresPlace, postgresPlace},
}

// openAny opens a database without the checks of a move.
func openAny(t *testing.T, p Place) *endpoint {
	t.Helper()
	var e *endpoint
	if p.Postgres.URL.Empty() {
		var err error
		if e, err = openSQLite(p.Directory, false); err != nil {
			t.Fatal(err)
		}
	} else {
		config, err := p.Postgres.Parse()
		if err != nil {
			t.Fatal(err)
		}
		e = newPostgresEndpoint(config, testName)
	}
	t.Cleanup(func() { _ = e.db.Close() }) // the test may have closed it
	return e
}

// testName is the application_name of the tests' own connections. A move does not take them for
// connections of Usher.
const testName = "test"

// exec runs a statement in a database.
func exec(t *testing.T, p Place, statement string, args ...any) {
	t.Helper()
	e := openAny(t, p)
	if _, err := e.db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if err := e.db.Close(); err != nil {
		t.Fatal(err)
	}
}

// testValues returns values of a column, which the rows of a table use in turn. It has values for
// columns with a constraint, and values that are hard to move, such as NULL and empty bytes. It
// returns nil for all other columns.
func testValues(table, column string) []any {
	return map[string][]any{
		"activity_chain.place":     {"anchor", "head"},
		"activity_resealing.place": {"boundary"},
		"api_keys.kind":            {"contract", "named"},
		"api_keys.sealed":          {[]byte("sealed"), []byte{}},
		"auth_change.kind":         {"user", "key"},
		"imports.state":            {"open", "finished"},
		"key_checks.state":         {"retiring"}, // only one key can be current
		"outbox.state":             {"requested", "ready"},
		"outbox.sealed":            {[]byte{}, []byte("sealed")},
		"outbox.user_id":           {nil, int64(2)},
		"role_permissions.scope":   {"all", "ids", "self"},
		"users.provider":           {"tenable"},
		"users.surname":            {nil, "", "Lovelace"},
		"users.picture":            {nil, []byte{}, []byte("\x00\xff"), []byte(strings.Repeat("P", 1000))},
		"known_sources.source":     {"a", "B", "ä", "A", "b\\N", "\t", "Z"}, // collations sort them differently
	}[table+"."+column]
}

// fill creates a database with rows in every table. It sets each sequence to 1000, as if rows with
// higher ids had been deleted.
func fill(t *testing.T, p Place) {
	t.Helper()
	e, err := openTarget(t.Context(), p, testName)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := e.schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.db.ExecContext(t.Context(), "DELETE FROM activity_chain"); err != nil {
		t.Fatal(err)
	}
	for _, table := range schema {
		rows := testRows
		if n, limited := map[string]int{"activity_chain": 2, "activity_resealing": 1}[table.name]; limited {
			rows = n // the schema allows no more
		}
		var inserted [][]any
		for n := 1; n <= rows; n++ {
			row := make([]any, len(table.columns))
			for i, c := range table.columns {
				row[i] = testValue(table.name, c, n)
			}
			inserted = append(inserted, row)
		}
		if err := e.engine.insert(t.Context(), e.db, table, inserted); err != nil {
			t.Fatalf("fill the table %s: %v", table.name, err)
		}
		if table.idColumn != "" {
			if err := e.engine.setSequence(t.Context(), e.db, table, 1000); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.db.Close(); err != nil {
		t.Fatal(err)
	}
}

func testValue(table string, c column, n int) any {
	if values := testValues(table, c.name); len(values) > 0 {
		return values[(n-1)%len(values)]
	}
	switch c.kind {
	case kindText:
		return fmt.Sprintf("%s %d: Grüße, 'ключ' 🔑\\", c.name, n)
	case kindBytes:
		return []byte(fmt.Sprintf("%032d", n))
	case kindBoolean:
		return int64(n % 2)
	}
	if slices.Contains([]string{"active", "need_password_reset", "dry_run", "activate", "invite", "holds"}, c.name) {
		return int64(n % 2)
	}
	return int64(n)
}
