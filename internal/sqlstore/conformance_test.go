package sqlstore_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// engines are what the conformance suite runs on. Each returns what opens one
// empty database, any number of times.
var engines = []struct {
	name string
	open func(testing.TB) func() account.Store
}{
	{"sqlite", openSQLite},
}

// conform runs one test of the suite on every engine, each time on a database of
// its own. The tests know account's interfaces alone.
func conform(t *testing.T, name string, test func(t *testing.T, db database)) {
	t.Helper()
	for _, e := range engines {
		t.Run(name+"/"+e.name, func(t *testing.T) {
			t.Parallel()
			open := e.open(t)
			test(t, database{Store: open(), another: open})
		})
	}
}
