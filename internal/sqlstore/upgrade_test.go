package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// dataOf returns the statements that fill a schema, in testdata/schema; "" where
// there are none.
func dataOf(t *testing.T, engine string, version int64) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/schema/%s-%d.sql", engine, version))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// atFirstSchema makes a database of the first schema with data in it.
func atFirstSchema(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	_, err := sqliteAt(t, dir, 1).Exec(dataOf(t, "sqlite", 1))
	wantErr(t, "the data", err, nil)
	return dir
}

// sqliteAt opens a new database of a schema, until the test ends.
func sqliteAt(t *testing.T, dir string, version int64) *sql.DB {
	t.Helper()
	db := bare(t, dir)
	wantErr(t, "the schema", sqlstore.MigrateTo(t.Context(), db, "sqlite", version), nil)
	return db
}

// postgresAt is sqliteAt for PostgreSQL.
func postgresAt(t *testing.T, version int64) (db *sql.DB, url secret.Text) {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	db, err := sql.Open("pgx", cluster.SocketURL(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wantErr(t, "Close", db.Close(), nil) })
	wantErr(t, "the schema", sqlstore.MigrateTo(t.Context(), db, "postgres", version), nil)
	return db, secret.New(cluster.SocketURL(name))
}

// Every schema that a server may find has data in each of its tables, and no
// upgrade changes a value or takes one away. A new migration needs a file of data
// for the schema before it; docs/architecture.md says how it is made.
func TestUpgrades(t *testing.T) {
	upgrades := map[string]func(t *testing.T, version int64) (db *sql.DB, upgrade func() (*sqlstore.Store, error)){
		"sqlite": func(t *testing.T, version int64) (*sql.DB, func() (*sqlstore.Store, error)) {
			dir := t.TempDir()
			return sqliteAt(t, dir, version), func() (*sqlstore.Store, error) { return sqlstore.OpenSQLite(t.Context(), dir) }
		},
		"postgres": func(t *testing.T, version int64) (*sql.DB, func() (*sqlstore.Store, error)) {
			db, url := postgresAt(t, version)
			return db, func() (*sqlstore.Store, error) {
				return sqlstore.OpenPostgres(t.Context(), sqlstore.Postgres{URL: url})
			}
		},
	}
	for engine, at := range upgrades {
		versions := sqlstore.Schemas(engine)
		for _, version := range versions {
			data := dataOf(t, engine, version)
			if data == "" && version == versions[len(versions)-1] {
				continue // it may change until there is a migration behind it
			}
			t.Run(fmt.Sprintf("%s %d", engine, version), func(t *testing.T) {
				if data == "" {
					t.Fatalf("there is a schema after %d, and no testdata/schema/%s-%d.sql", version, engine, version)
				}
				db, upgrade := at(t, version)
				_, err := db.Exec(data)
				wantErr(t, "the data", err, nil)
				before := everything(t, db, engine)
				s, err := upgrade()
				if err != nil {
					t.Fatal(err)
				}
				wantErr(t, "Close", s.Close(), nil)
				for of, rows := range before {
					if len(rows) == 0 {
						t.Errorf("the data has no row in %s", of)
					}
					after := texts(t, db, of)
					for _, row := range rows {
						if !slices.Contains(after, row) {
							t.Errorf("%s: gone is\n%s", of, row)
						}
					}
				}
				if engine == "sqlite" {
					want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
					want(t, "faulty references", len(texts(t, db, "PRAGMA foreign_key_check")), 0)
				}
			})
		}
	}
}

// everything returns the rows of each table, and the highest ids ever used, by the
// statement that reads them in one column.
func everything(t *testing.T, db *sql.DB, engine string) map[string][]string {
	t.Helper()
	// Of each table its name, and its columns put together.
	tables, ids := `
		SELECT 'SELECT concat_ws(''|'', ' || group_concat('quote("' || c.name || '")') || ') FROM ' || m.name
		FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version' GROUP BY m.name`,
		`SELECT name || ' ' || seq FROM sqlite_sequence WHERE name <> 'goose_db_version'`
	if engine == "postgres" {
		tables, ids = `
			SELECT 'SELECT concat_ws(''|'', ' || string_agg('quote_nullable("' || column_name || '")', ', ') || ') FROM ' || table_name
			FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name <> 'goose_db_version' GROUP BY table_name`,
			`SELECT sequencename || ' ' || COALESCE(last_value, 0) FROM pg_sequences WHERE sequencename NOT LIKE 'goose%'`
	}
	all := map[string][]string{ids: texts(t, db, ids)}
	for _, of := range texts(t, db, tables) {
		all[of] = texts(t, db, of)
	}
	if len(all) < 10 {
		t.Errorf("there are %d tables alone", len(all))
	}
	return all
}

func TestUpgradeKeepsData(t *testing.T) {
	dir := atFirstSchema(t)
	s := openDir(t, dir)
	u := get[account.User](t)(s.User(t.Context(), 7, now))
	want(t, "address", u.Email, "Ada@Example.org")
	want(t, "roles", len(u.RoleIDs), 1)
	want(t, "session", get[account.Session](t)(s.Session(t.Context(), 1)).UserID, 7)
	want(t, "message", get[account.Mail](t)(s.Mail(t.Context(), 40)).State, account.MailDelivered)
	want(t, "the next message", insertMail(t, s, requestedMail()).ID, 42)
	db := bare(t, dir)
	want(t, "sorted by", texts(t, db, "SELECT sort_name FROM users")[0], "ada")
	want(t, "searched in", texts(t, db, "SELECT search_text FROM users")[0], "ada lovelace ada@example.org")
	want(t, "names of roles", len(texts(t, db, "SELECT name_key FROM roles WHERE name_key IN ('user', 'global administrator')")), 2)
}

// What was there before an upgrade is kept beside it, and can be opened by the
// release that made it.
func TestUpgradeKeepsACopy(t *testing.T) {
	dir := atFirstSchema(t)
	open(t, dir)
	path := filepath.Join(dir, sqlstore.DatabaseFile+".schema-1")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "mode", info.Mode(), fs.FileMode(0o600))
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want(t, "schema", texts(t, db, "SELECT max(version_id) FROM goose_db_version")[0], "1")
	want(t, "users", texts(t, db, "SELECT email FROM users")[0], "Ada@Example.org")
	want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A new database has nothing to copy, and neither has one that is up to date.
func TestNoCopyWithoutUpgrade(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		open(t, dir)
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "*.schema-*")); len(copies) > 0 {
		t.Errorf("copies: %v", copies)
	}
}

// open opens the database of a directory as a server does, and closes it.
func open(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "Close", s.Close(), nil)
}
