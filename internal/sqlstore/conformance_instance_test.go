package sqlstore_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func TestKeyCheck(t *testing.T) {
	conform(t, "checks are stored by id", func(t *testing.T, db database) {
		want(t, "at first", len(get[[]keyring.Check](t)(db.KeyChecks(t.Context()))), 0)
		checks := []keyring.Check{{ID: "0a", Value: []byte{1, 2}}, {ID: "ff", Value: []byte{0}}}
		for _, c := range []keyring.Check{checks[1], checks[0]} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.InsertKeyCheck(ctx, c, now) })
		}
		if got := get[[]keyring.Check](t)(db.another().KeyChecks(t.Context())); !reflect.DeepEqual(got, checks) {
			t.Errorf("got %v, want %v", got, checks)
		}
		other := keyring.Check{ID: checks[0].ID, Value: []byte{9}}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.InsertKeyCheck(ctx, other, now) })
		if got := get[[]keyring.Check](t)(db.KeyChecks(t.Context())); !reflect.DeepEqual(got, checks) {
			t.Errorf("one was replaced: %v", got)
		}
	})
}
