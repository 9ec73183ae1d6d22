package sqlstore_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// conform runs one test of the conformance suite on both engines, each time with a new database.
// The tests use only the interfaces of package account.
func conform(t *testing.T, name string, test func(t *testing.T, db database)) {
	t.Helper()
	for _, e := range enginetest.Engines {
		t.Run(name+"/"+e.Name, func(t *testing.T) {
			t.Parallel()
			db := e.New(t)
			test(t, database{Store: db.Open().Store, another: func() *account.Store { return db.Open().Store }})
		})
	}
}
