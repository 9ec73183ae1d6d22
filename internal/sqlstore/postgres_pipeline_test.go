package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// Deferred statements are sent in order, with the next read or with COMMIT. If one of them fails, the transaction
// fails.
func TestPostgresPipeline(t *testing.T) {
	url := newPostgres(t)
	s, other := openPostgres(t, postgres.Config{URL: secret.New(url), Connections: 1}), openPostgres(t,
		postgres.Config{URL: secret.New(url)})
	wantBegun := func(ctx context.Context, begun bool) {
		t.Helper()
		statement := "SELECT 1 / count(*) FROM pg_stat_activity " +
			"WHERE state = 'idle in transaction' AND datname = current_database()"
		// The statement divides by zero if no transaction has begun.
		if err := sqlstore.ExecOutside(ctx, other, statement); (err == nil) != begun {
			t.Errorf("begun, want %v: %v", begun, err)
		}
	}
	change(t, s, func(ctx context.Context, tx *account.Tx) error {
		if err := errors.Join(tx.SaveSetting(ctx, "a", "1"), tx.SaveSetting(ctx, "a", "2"),
			tx.SaveSetting(ctx, "b", "1")); err != nil {
			return err
		}
		wantBegun(ctx, false)
		want(t, "in the transaction", get[string](t)(tx.Setting(ctx, "a")), "2")
		wantBegun(ctx, true)
		return tx.SaveSetting(ctx, "b", "2")
	})
	want(t, "after it", get[string](t)(s.Setting(t.Context(), "b")), "2")

	const fails = "SELECT 1 / (SELECT count(*) FROM users)"
	for name, next := range map[string]func(context.Context, *account.Tx) error{
		"the end":         func(context.Context, *account.Tx) error { return nil },
		"a read":          func(ctx context.Context, tx *account.Tx) error { _, err := tx.Setting(ctx, "a"); return err },
		"a count":         func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSettingSecret(ctx, "none") },
		"an ignored read": func(ctx context.Context, tx *account.Tx) error { _, _ = tx.Setting(ctx, "a"); return nil },
		"an ignored read and a write": func(ctx context.Context, tx *account.Tx) error {
			_, _ = tx.Setting(ctx, "a")
			return tx.SaveSetting(ctx, "b", "3")
		},
	} {
		err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(tx.SaveSetting(ctx, "b", "4"), sqlstore.Exec(ctx, tx, fails), tx.SaveSetting(ctx, "b", "5"),
				next(ctx, tx))
		})
		if err == nil || !strings.Contains(err.Error(), "division by zero") {
			t.Errorf("a failure before %s: %v", name, err)
		}
		want(t, "after "+name, get[string](t)(s.Setting(t.Context(), "b")), "2")
	}
	err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		return errors.Join(tx.SaveSetting(ctx, "b", "6"), errors.New("no"))
	})
	if err == nil || err.Error() != "no" {
		t.Errorf("a job that fails: %v", err)
	}
	change(t, s, func(context.Context, *account.Tx) error { return nil })
	want(t, "in the end", get[string](t)(s.Setting(t.Context(), "b")), "2")
}

// If a transaction times out between two statements, it is rolled back. Otherwise its connection would return to the
// pool with the transaction open and its locks held.
func TestPostgresTransactionTimeout(t *testing.T) {
	t.Parallel()
	url := newPostgres(t)
	s, other := openPostgres(t, postgres.Config{URL: secret.New(url)}), openPostgres(t,
		postgres.Config{URL: secret.New(url)})
	read := func(ctx context.Context, tx *account.Tx) error { _, err := tx.Setting(ctx, "a"); return err }
	for name, last := range map[string]func(context.Context, *account.Tx) error{
		"a failure": func(ctx context.Context, _ *account.Tx) error { return ctx.Err() },
		"a read":    read,
		"the end":   func(context.Context, *account.Tx) error { return nil },
	} {
		err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			if err := errors.Join(tx.SaveSetting(ctx, "a", "{}"), read(ctx, tx)); err != nil {
				return err
			}
			for { // PostgreSQL would end a transaction that is idle for two seconds
				select {
				case <-ctx.Done():
					return last(ctx, tx)
				case <-time.After(100 * time.Millisecond):
				}
				if err := read(ctx, tx); err != nil {
					return err
				}
			}
		})
		if account.ErrorCode(err) != account.CodeUnavailable || errors.Is(err, account.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", name, err)
		}
		open := errors.New("not checked")
		// The statement divides by zero while a transaction is open. Repeat it until it succeeds.
		for end := time.Now().Add(time.Second); open != nil && time.Now().Before(end); {
			open = sqlstore.ExecOutside(
				t.Context(),
				other,
				"SELECT 1 / (1 - sign(count(*))) FROM pg_stat_activity "+
					"WHERE state = 'idle in transaction' AND datname = current_database()",
			)
		}
		if open != nil {
			t.Errorf("after %s the transaction is open: %v", name, open)
		}
	}
	wantErr(t, "the row of the transaction", s.Write(t.Context(), read), account.ErrNotFound)
}
