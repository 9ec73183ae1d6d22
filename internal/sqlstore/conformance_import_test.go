package sqlstore_test

import (
	"context"
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// insertImport stores an import and returns it with its id.
func insertImport(t testing.TB, db account.Transactor, i account.Import) account.Import {
	t.Helper()
	i.ID = do(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertImport(ctx, i) })
	return i
}

func TestImport(t *testing.T) {
	rows := func(t *testing.T, db database, id int64, limit int) []account.ImportRow {
		return do(t, db, func(ctx context.Context, tx *account.Tx) ([]account.ImportRow, error) {
			return tx.ImportRows(ctx, id, limit)
		})
	}

	conform(t, "a stored import is read back", func(t *testing.T, db database) {
		i := insertImport(t, db,
			account.Import{UserID: 7, DryRun: true, State: account.ImportOpen, Created: now, Touched: now})
		want(t, "inserted", get[account.Import](t)(db.Import(t.Context(), i.ID)), i)
		i.State, i.Rows, i.Faults, i.Touched, i.Finished = account.ImportUndone, 5, 3, now.Add(time.Second), now.Add(
			time.Minute,
		)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.UpdateImport(ctx, i) })
		want(t, "updated",
			do(t, db, func(ctx context.Context, tx *account.Tx) (account.Import, error) { return tx.LockImport(ctx, i.ID) }), i)
		_, err := db.Import(t.Context(), i.ID+1)
		wantErr(t, "another", err, account.ErrNotFound)
		_, err = try(t, db, func(ctx context.Context, tx *account.Tx) (account.Import, error) {
			return tx.LockImport(ctx, i.ID+1)
		})
		wantErr(t, "another, locked", err, account.ErrNotFound)
	})

	conform(t, "rows are in order and are deleted", func(t *testing.T, db database) {
		one, two := insertImport(t, db, account.Import{State: account.ImportOpen}), insertImport(t, db,
			account.Import{State: account.ImportOpen})
		first := account.ImportRow{Row: 2, Key: "a@example.org", UserID: 3, Activate: true}
		second := account.ImportRow{Row: 11, Key: "a@example.org", Invite: true}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := tx.InsertImportRows(ctx, one.ID, []account.ImportRow{second, first}); err != nil {
				return err
			}
			return tx.InsertImportRows(ctx, two.ID, []account.ImportRow{{Row: 1, Key: "b@example.org"}})
		})
		if got := rows(t, db, one.ID, 5); !reflect.DeepEqual(got, []account.ImportRow{first, second}) {
			t.Errorf("the rows are %+v", got)
		}
		want(t, "a limit", len(rows(t, db, one.ID, 1)), 1)
		found, err := db.ImportRowsByEmail(t.Context(), one.ID, []account.EmailKey{"a@example.org", "b@example.org"})
		if want := map[account.EmailKey]int{"a@example.org": 2}; err != nil || !maps.Equal(found, want) {
			t.Errorf("by address: %v, error %v; want %v, and none of another import", found, err, want)
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteImportRows(ctx, one.ID, 10) })
		want(t, "after the deletion", len(rows(t, db, one.ID, 5)), 1)
		want(t, "of the other one", len(rows(t, db, two.ID, 5)), 1)
	})

	conform(t, "idle imports are found and ended ones deleted", func(t *testing.T, db database) {
		idle := func(before time.Time) (int64, error) {
			return try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.IdleImport(ctx, before) })
		}
		insertImport(t, db, account.Import{State: account.ImportFinished, Touched: now})
		_, err := idle(now.Add(time.Hour))
		wantErr(t, "no idle one", err, account.ErrNotFound)
		for _, state := range []account.ImportState{account.ImportOpen, account.ImportUndoing} {
			i := insertImport(t, db, account.Import{State: state, Touched: now})
			_, err := idle(now)
			wantErr(t, "touched now", err, account.ErrNotFound)
			want(t, string(state), get[int64](t)(idle(now.Add(time.Microsecond))), i.ID)
			i.State = account.ImportUndone
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.UpdateImport(ctx, i) })
		}
		removeEnded := func(before time.Time, limit int) int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				return tx.DeleteEndedImports(ctx, before, limit)
			})
		}
		want(t, "touched now", removeEnded(now, 10), 0)
		want(t, "a limit", removeEnded(now.Add(time.Microsecond), 2), 2)
		want(t, "the rest", removeEnded(now.Add(time.Microsecond), 2), 1)
	})
}
