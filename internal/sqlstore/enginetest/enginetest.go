// Package enginetest creates databases for tests: on both engines, or on the one that the environment variable
// USHER_TEST_ENGINE names.
package enginetest

import (
	"cmp"
	"context"
	"database/sql"
	"os"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// TB is the part of [testing.TB] that this package uses. The types of package rapid implement it too.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Engine creates databases on one engine.
type Engine struct {
	Name string
	// New creates an empty database, which is closed and removed when the test ends.
	New func(TB) Database
}

// Database is a database that no other test uses.
type Database struct {
	// Open opens the database as a server does. Each call opens it again, as another server would.
	Open func() *sqlstore.Store
	// SQL opens the database for plain SQL, without a store. No later test reuses the database.
	SQL func() *sql.DB
	// Content returns all bytes that the database stores, so that a test can search them for secrets.
	Content func() []byte
}

// Engines are SQLite and PostgreSQL.
var Engines = []Engine{
	{Name: "sqlite", New: newSQLite},
	{Name: "postgres", New: newPostgres},
}

// Chosen returns the engine for tests that run on one engine only: the one that the environment
// variable USHER_TEST_ENGINE names, else SQLite.
func Chosen() Engine {
	name := cmp.Or(os.Getenv("USHER_TEST_ENGINE"), "sqlite")
	for _, e := range Engines {
		if e.Name == name {
			return e
		}
	}
	panic("USHER_TEST_ENGINE names no engine: " + name)
}

// closeAtEnd returns opened and closes it when the test ends. If err is not nil, it ends the test.
func closeAtEnd[T interface{ Close() error }](t TB, opened T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return opened
}
