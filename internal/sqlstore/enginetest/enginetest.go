// Package enginetest lists the engines that storage runs on, for the tests that
// are made for each of them, or for one that is chosen.
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
	// New makes an empty database. All is closed and gone when the test ends.
	New func(TB) Database
}

// Database is one that a test has for itself.
type Database struct {
	// Open opens it, any number of times, as another process would.
	Open func() *sqlstore.Store
	// SQL reaches it past every rule. Whatever that does to it, no other test
	// sees it.
	SQL func() *sql.DB
	// Content is all that is in it, byte by byte, as who steals it can read it.
	Content func() []byte
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

// closing closes what was opened when the test ends.
func closing[T interface{ Close() error }](t TB, opened T, err error) T {
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
