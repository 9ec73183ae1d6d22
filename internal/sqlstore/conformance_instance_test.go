package sqlstore_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func TestKeyCheck(t *testing.T) {
	conform(t, "checks are kept by id", func(t *testing.T, db database) {
		want(t, "at first", len(get[[]keyring.Check](t)(db.KeyChecks(t.Context()))), 0)
		checks := []keyring.Check{{ID: "0a", Value: []byte{1, 2}}, {ID: "ff", Value: []byte{0}}}
		for _, c := range []keyring.Check{checks[1], checks[0]} {
			change(t, db, func(ctx context.Context, tx account.Tx) error { return tx.InsertKeyCheck(ctx, c, now) })
		}
		if got := get[[]keyring.Check](t)(db.another().KeyChecks(t.Context())); !reflect.DeepEqual(got, checks) {
			t.Errorf("got %v, want %v", got, checks)
		}
		err := db.Write(t.Context(), func(ctx context.Context, tx account.Tx) error { return tx.InsertKeyCheck(ctx, checks[0], now) })
		want(t, "twice", account.ErrorCode(err), account.CodeInternal)
	})
}
