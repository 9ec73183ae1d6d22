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
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/sqlite"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// dataOf returns the statements in testdata/schema that fill the tables of a schema version. It returns "" if there is
// no file for the version.
func dataOf(t *testing.T, engine string, version int64) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/schema/%s-%d.sql", engine, version))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// atFirstSchema creates a database of the first schema, with data.
func atFirstSchema(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	_, err := sqliteAt(t, dir, 1).Exec(dataOf(t, "sqlite", 1))
	wantErr(t, "the data", err, nil)
	return dir
}

// sqliteAt creates a SQLite database with a version of the schema and opens it. It is closed when the test ends.
func sqliteAt(t *testing.T, dir string, version int64) *sql.DB {
	t.Helper()
	db := openSQL(t, dir)
	wantErr(t, "the schema", migrateTo(t, db, "sqlite", version), nil)
	return db
}

// postgresAt creates a PostgreSQL database with a version of the schema and opens it. It is closed when the test ends.
func postgresAt(t *testing.T, version int64) (db *sql.DB, url secret.Text) {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	db, err := sql.Open("pgx", cluster.SocketURL(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wantErr(t, "Close", db.Close(), nil) })
	wantErr(t, "the schema", migrateTo(t, db, "postgres", version), nil)
	return db, secret.New(cluster.SocketURL(name))
}

// migrateTo brings an empty database to a version of the schema, as an earlier release has left it.
func migrateTo(t *testing.T, db *sql.DB, engine string, version int64) error {
	t.Helper()
	provider, err := sqldb.NewMigrations(db, engine)
	if err == nil {
		_, err = provider.UpTo(t.Context(), version)
	}
	return err
}

// schemaVersions returns all versions of an engine's schema.
func schemaVersions(t *testing.T, engine string) (versions []int64) {
	t.Helper()
	provider, err := sqldb.NewMigrations(new(sql.DB), engine)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range provider.ListSources() {
		versions = append(versions, source.Version)
	}
	return versions
}

// An upgrade from the schema of any release keeps every value in every table. A new migration needs a file in
// testdata/schema with data for the schema before the migration: see docs/architecture.md.
func TestUpgrades(t *testing.T) {
	upgrades := map[string]func(t *testing.T, version int64) (db *sql.DB, upgrade func() (*sqlstore.Store, error)){
		"sqlite": func(t *testing.T, version int64) (*sql.DB, func() (*sqlstore.Store, error)) {
			dir := t.TempDir()
			return sqliteAt(t, dir, version), func() (*sqlstore.Store, error) { return sqlstore.OpenSQLite(t.Context(), dir) }
		},
		"postgres": func(t *testing.T, version int64) (*sql.DB, func() (*sqlstore.Store, error)) {
			db, url := postgresAt(t, version)
			return db, func() (*sqlstore.Store, error) {
				return sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: url})
			}
		},
	}
	for engine, at := range upgrades {
		versions := schemaVersions(t, engine)
		for _, version := range versions {
			data := dataOf(t, engine, version)
			if data == "" && version == versions[len(versions)-1] {
				continue // the newest version needs no data until another one follows
			}
			t.Run(fmt.Sprintf("%s %d", engine, version), func(t *testing.T) {
				if data == "" {
					t.Fatalf("a schema follows %d, but there is no testdata/schema/%s-%d.sql", version, engine, version)
				}
				db, upgrade := at(t, version)
				_, err := db.Exec(data)
				wantErr(t, "the data", err, nil)
				before := contents(t, db, engine)
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
							t.Errorf("%s: the upgrade lost\n%s", of, row)
						}
					}
				}
				if engine == "sqlite" {
					want(t, "integrity", texts(t, db, "PRAGMA integrity_check")[0], "ok")
					want(t, "violated foreign keys", len(texts(t, db, "PRAGMA foreign_key_check")), 0)
				}
			})
		}
	}
}

// contents returns the rows of each table and the highest ids that the sequences have generated. A key of the map is
// the statement that reads the rows as one column of text.
func contents(t *testing.T, db *sql.DB, engine string) map[string][]string {
	t.Helper()
	// tables returns a statement for each table that concatenates its columns.
	tables, ids := `
		SELECT 'SELECT concat_ws(''|'', ' || group_concat('quote("' || c.name || '")') || ') FROM ' || m.name
		FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version' GROUP BY m.name`,
		`SELECT name || ' ' || seq FROM sqlite_sequence WHERE name <> 'goose_db_version'`
	if engine == "postgres" {
		tables, ids = `
			SELECT 'SELECT concat_ws(''|'', ' || string_agg('quote_nullable("' || column_name || '")', ', ')
			       || ') FROM ' || table_name
			FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name <> 'goose_db_version' GROUP BY table_name`,
			`SELECT sequencename || ' ' || COALESCE(last_value, 0) FROM pg_sequences WHERE sequencename NOT LIKE 'goose%'`
	}
	all := map[string][]string{ids: texts(t, db, ids)}
	for _, of := range texts(t, db, tables) {
		all[of] = texts(t, db, of)
	}
	if len(all) < 10 {
		t.Errorf("there are only %d tables", len(all))
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
	db := openSQL(t, dir)
	want(t, "sort_name", texts(t, db, "SELECT sort_name FROM users")[0], "ada")
	want(t, "search_text", texts(t, db, "SELECT search_text FROM users")[0], "ada lovelace ada@example.org")
	want(t, "names of roles",
		len(texts(t, db, "SELECT name_key FROM roles WHERE name_key IN ('user', 'global administrator')")), 2)
}

// An upgrade keeps a copy of the old database, which the earlier release can open.
func TestUpgradeKeepsACopy(t *testing.T) {
	dir := atFirstSchema(t)
	openAndClose(t, dir)
	path := filepath.Join(dir, sqlite.DatabaseFile+".schema-1")
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
		t.Errorf("remaining files: %v", left)
	}
}

// Opening makes no copy of a new database, or of one that is up to date.
func TestNoCopyWithoutUpgrade(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		openAndClose(t, dir)
	}
	if copies, _ := filepath.Glob(filepath.Join(dir, "*.schema-*")); len(copies) > 0 {
		t.Errorf("copies: %v", copies)
	}
}

// openAndClose opens the database of a directory as a server does, and closes it.
func openAndClose(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "Close", s.Close(), nil)
}
