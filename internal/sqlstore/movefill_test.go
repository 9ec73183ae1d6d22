package sqlstore

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// moveTestRows is how many rows the tests have in every table that can have so many.
const moveTestRows = 24

// sqlitePlace is an empty directory.
func sqlitePlace(t *testing.T) Place { return Place{Directory: t.TempDir()} }

// postgresPlace is an empty database.
func postgresPlace(t *testing.T) Place {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	return Place{Postgres: Postgres{URL: secret.New(cluster.SocketURL(name))}}
}

// moveDirections are all from and to.
var moveDirections = []struct {
	name     string
	from, to func(*testing.T) Place
}{
	{"to PostgreSQL", sqlitePlace, postgresPlace},
	{"to SQLite", postgresPlace, sqlitePlace},
	{"SQLite to SQLite", sqlitePlace, sqlitePlace},
	{"PostgreSQL to PostgreSQL", postgresPlace, postgresPlace},
}

// at opens a database as one side of a move, whatever is in it.
func at(t *testing.T, p Place) *moveSide {
	t.Helper()
	if p.Postgres.URL.Empty() {
		s, err := openSQLiteSide(filepath.Join(p.Directory, DatabaseFile), func(*sql.DB) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.db.Close() }) // the test may have closed it
		return s
	}
	config, err := p.Postgres.config()
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = moveName
	s := &moveSide{db: stdlib.OpenDB(*config), dialect: postgresDialect, engine: postgresMove{}}
	t.Cleanup(func() { _ = s.db.Close() }) // the test may have closed it
	return s
}

// exec runs a statement in a database.
func exec(t *testing.T, p Place, statement string, args ...any) {
	t.Helper()
	s := at(t, p)
	if _, err := s.db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
}

// moveTestValues are the values of columns that cannot hold just anything, in the
// rows that have the numbers 1 and on; after the last comes the first again.
var moveTestValues = map[string][]any{
	"activity_chain.place":   {"anchor", "head"},
	"api_keys.kind":          {"contract", "named"},
	"api_keys.sealed":        {[]byte("sealed"), []byte{}},
	"auth_change.kind":       {"user", "key"},
	"imports.state":          {"open", "finished"},
	"outbox.state":           {"requested", "ready"},
	"outbox.sealed":          {[]byte{}, []byte("sealed")},
	"outbox.user_id":         {nil, int64(2)},
	"role_permissions.scope": {"all", "ids", "self"},
	"users.provider":         {"tenable"},
	"users.surname":          {nil, "", "Lovelace"},
	"users.picture":          {nil, []byte{}, []byte("\x00\xff"), []byte(strings.Repeat("P", 1000))},
	"known_sources.source":   {"a", "B", "ä", "A", "b\\N", "\t", "Z"}, // collations sort them otherwise
}

// fill makes a database with rows in every table, and with ids that were given and
// are there no more.
func fill(t *testing.T, p Place) {
	t.Helper()
	s, err := openMoveTarget(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := s.tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), "DELETE FROM activity_chain"); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		rows := moveTestRows
		if table.name == "activity_chain" {
			rows = 2 // it has no place for more
		}
		var made [][]any
		for n := 1; n <= rows; n++ {
			row := make([]any, len(table.columns))
			for i, c := range table.columns {
				row[i] = moveTestValue(table.name, c, n)
			}
			made = append(made, row)
		}
		if err := s.engine.insert(t.Context(), s.db, table, made); err != nil {
			t.Fatalf("fill the table %s: %v", table.name, err)
		}
		if table.counter != "" {
			if err := s.engine.raise(t.Context(), s.db, table, 1000); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
}

func moveTestValue(table string, c moveColumn, n int) any {
	if values := moveTestValues[table+"."+c.name]; len(values) > 0 {
		return values[(n-1)%len(values)]
	}
	switch c.kind {
	case moveText:
		return fmt.Sprintf("%s %d: Grüße, 'ключ' 🔑\\", c.name, n)
	case moveBytes:
		return []byte(fmt.Sprintf("%032d", n))
	case moveBoolean:
		return int64(n % 2)
	}
	if slices.Contains([]string{"active", "need_password_reset", "dry_run", "activate", "invite"}, c.name) {
		return int64(n % 2)
	}
	return int64(n)
}
