package sqlstore_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// conform runs one test of the suite on every engine, each time on a database of
// its own. The tests know account's interfaces alone.
func conform(t *testing.T, name string, test func(t *testing.T, db database)) {
	t.Helper()
	for _, e := range enginetest.Engines {
		t.Run(name+"/"+e.Name, func(t *testing.T) {
			t.Parallel()
			db := e.New(t)
			test(t, database{Store: db.Open(), another: func() account.Store { return db.Open() }})
		})
	}
}
