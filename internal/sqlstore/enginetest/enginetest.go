// Package enginetest creates databases for tests, on every engine or on the one that the environment
// chooses.
//
// It imports sqlstore and pgtest.
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

// Engine creates databases of one engine.
type Engine struct {
	Name string
	// New creates an empty database, which is closed and removed when the test ends.
	New func(TB) Database
}

// Database is a database that no other test uses.
type Database struct {
	// Open opens the database as another process would. It may be called again.
	Open func() *sqlstore.Store
	// SQL opens the database without a store. The database is not reused by other tests.
	SQL func() *sql.DB
	// Content returns all bytes that are stored in the database, as a thief could read them.
	Content func() []byte
}

// Engines are all engines.
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

// closeAtEnd closes opened when the test ends. It ends the test if err is not nil.
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
