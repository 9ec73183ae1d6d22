package sqlstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqldb"
)

func TestTrace(t *testing.T) {
	conform(t, "statements are traced with their values", func(t *testing.T, db database) {
		var traced []string
		ctx := sqldb.Trace(t.Context(), func(statement string, values []any) {
			traced = append(traced, strings.Fields(statement)[0]+" "+values[0].(string))
		})
		err := db.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			_, err := tx.Throttle(ctx, "a")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Setting(ctx, "b"); err != account.ErrNotFound {
			t.Fatal(err)
		}
		want(t, "the trace", strings.Join(traced, ", "), "SELECT a, SELECT b")
	})
}
