// Package enginetest lists the engines that storage runs on, for the tests that
// are made for each of them.
//
// It imports sqlstore and pgtest.
package enginetest

import (
	"cmp"
	"context"
	"os"

	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// TB is what an engine needs of a test. Those of package testing have it, and
// those of rapid.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Engine makes databases of one kind.
type Engine struct {
	Name string
	// New makes an empty database, and returns what opens it, any number of times,
	// as another process would. All is closed and gone when the test ends.
	New func(TB) func() *sqlstore.Store
}

// Engines are all that there are.
var Engines = []Engine{
	{"sqlite", newSQLite},
	{"postgres", newPostgres},
}

// Chosen is the engine of the tests that run on one: SQLite, or the one that the
// variable USHER_TEST_ENGINE names.
func Chosen() Engine {
	name := cmp.Or(os.Getenv("USHER_TEST_ENGINE"), "sqlite")
	for _, e := range Engines {
		if e.Name == name {
			return e
		}
	}
	panic("USHER_TEST_ENGINE names no engine: " + name)
}

// newSQLite makes a database in a directory of its own.
func newSQLite(t TB) func() *sqlstore.Store {
	t.Helper()
	dir, err := os.MkdirTemp("", "usher-sqlite-")
	if err != nil {
		t.Fatalf("make a directory: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the database: %v", err)
		}
	})
	return func() *sqlstore.Store { return OpenSQLite(t, dir) }
}

// OpenSQLite opens the SQLite database of a directory until the test ends.
func OpenSQLite(t TB, dir string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenSQLite(t.Context(), dir)
	return opened(t, s, err)
}

// opened closes a store when the test ends.
func opened(t TB, s *sqlstore.Store, err error) *sqlstore.Store {
	t.Helper()
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return s
}
