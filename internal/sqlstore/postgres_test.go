package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqldb/postgres"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// newPostgres creates an empty database and returns its URL.
func newPostgres(t *testing.T) string {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	return cluster.SocketURL(name)
}

func openPostgres(t *testing.T, p postgres.Config) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenPostgres(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// The database ends one of two transactions that wait for each other, and the store retries it.
func TestPostgresRetriesAfterDeadlock(t *testing.T) {
	s := openPostgres(t, postgres.Config{URL: secret.New(newPostgres(t))})
	change(t, s, func(ctx context.Context, tx *account.Tx) error {
		for _, id := range []int64{1, 2} {
			if _, err := tx.InsertRole(ctx, access.Role{ID: id, Name: string(rune('a' + id))}); err != nil {
				return err
			}
		}
		return nil
	})
	var both, running sync.WaitGroup // both: waits until each transaction has locked its first role
	both.Add(2)
	var mu sync.Mutex
	runs := 0
	for _, order := range [][]int64{{1, 2}, {2, 1}} {
		running.Go(func() {
			first := true
			err := s.Write(context.Background(), func(ctx context.Context, tx *account.Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				if err := tx.LockRoles(ctx, order[0]); err != nil {
					return err
				}
				if _, err := tx.CountAdministrators(ctx); err != nil { // the read has waited for the deferred lock
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				return tx.LockRoles(ctx, order[1])
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if runs != 3 {
		t.Errorf("the transactions ran %d times, want 3", runs)
	}
}

// TouchSession and TouchAPIKey do nothing if another transaction has locked the row.
func TestPostgresTouchSkipsLockedRows(t *testing.T) {
	s := openPostgres(t, postgres.Config{URL: secret.New(newPostgres(t))})
	owner := insertUser(t, s, localUser("a@example.org")).ID
	session := insertSession(t, s, owner, "one")
	key := insertKey(t, s, account.APIKey{UserID: owner, Kind: account.APIKeyNamed, Name: "k", Hash: hashOf("two")})
	touch := func() error {
		return s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return errors.Join(tx.TouchSession(ctx, session.ID, now.Add(time.Hour)),
				tx.TouchAPIKey(ctx, key.ID, now.Add(time.Hour)))
		})
	}
	uses := func() [2]time.Time {
		return [2]time.Time{
			get[account.Session](t)(
				s.Session(t.Context(), session.ID),
			).LastSeen, get[account.APIKey](t)(s.APIKey(t.Context(), key.ID)).LastUsed,
		}
	}
	before := uses()
	change(t, s, func(ctx context.Context, tx *account.Tx) error {
		_, err := tx.AddSessionFailure(ctx, session.ID)
		_, err2 := tx.AddAPIKeyFailure(ctx, key.ID)
		return errors.Join(err, err2, touch())
	})
	want(t, "the last uses during another transaction", uses(), before)
	wantErr(t, "touch", touch(), nil)
	want(t, "the last uses after it", uses(), [2]time.Time{now.Add(time.Hour), now.Add(time.Hour)})
}

// If no connection is free before the caller's deadline, Write returns at the deadline and runs
// nothing.
func TestPostgresConnectionWaitEndsAtDeadline(t *testing.T) {
	s := openPostgres(t, postgres.Config{URL: secret.New(newPostgres(t)), Connections: 1})
	change(t, s, func(context.Context, *account.Tx) error {
		limited, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := s.Write(limited, func(context.Context, *account.Tx) error {
			t.Error("the transaction runs")
			return nil
		})
		wantErr(t, "a write without a connection", err, context.DeadlineExceeded)
		return nil
	})
}

// If the connection ends during COMMIT, the caller gets ErrOutcomeUnknown.
func TestPostgresOutcomeUnknown(t *testing.T) {
	url := newPostgres(t)
	s, other := openPostgres(t, postgres.Config{URL: secret.New(url)}), openPostgres(t,
		postgres.Config{URL: secret.New(url)})
	terminate := func(ctx context.Context) error {
		return sqlstore.ExecOutside(ctx, other, `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE state = 'idle in transaction' AND datname = current_database()`)
	}
	save := func(ctx context.Context, tx *account.Tx) error {
		if err := tx.SaveSetting(ctx, "a", "{}"); err != nil {
			return err
		}
		_, err := tx.Setting(ctx, "a") // the read has run the deferred statement too
		return err
	}
	err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		return errors.Join(save(ctx, tx), terminate(ctx))
	})
	if !errors.Is(err, account.ErrOutcomeUnknown) || account.ErrorCode(err) != account.CodeUnavailable ||
		!strings.Contains(err.Error(), "It may have been made") {
		t.Errorf("got error %v", err)
	}
	err = s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		if err := errors.Join(save(ctx, tx), terminate(ctx)); err != nil {
			return err
		}
		_, err := tx.Setting(ctx, "a")
		return err
	})
	if errors.Is(err, account.ErrOutcomeUnknown) || account.ErrorCode(err) != account.CodeUnavailable ||
		!strings.Contains(err.Error(), "Nothing was changed") {
		t.Errorf("before COMMIT: got error %v", err)
	}
	change(t, s, func(ctx context.Context, tx *account.Tx) error { return tx.SaveSetting(ctx, "b", "{}") })
}

func TestPostgresStatementTimeout(t *testing.T) {
	s := openPostgres(t, postgres.Config{URL: secret.New(newPostgres(t)), StatementTimeout: 200 * time.Millisecond})
	if err := sqlstore.ExecOutside(t.Context(), s, "SELECT pg_sleep(60)"); account.ErrorCode(
		err,
	) != account.CodeUnavailable {
		t.Errorf("a read that takes too long: %v", err)
	}
	err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
		return sqlstore.Exec(ctx, tx, "SELECT pg_sleep(60)")
	})
	if account.ErrorCode(err) != account.CodeUnavailable {
		t.Errorf("a write that takes too long: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sqlstore.ExecOutside(cancelled, s, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a read with a cancelled context: %v", err)
	}
}

// The store's clock shows the database's time and never goes back.
func TestPostgresClock(t *testing.T) {
	s := openPostgres(t, postgres.Config{URL: secret.New(newPostgres(t))})
	first := s.Now()
	if off := time.Since(first).Abs(); off > time.Minute {
		t.Errorf("the clock is off by %s", off)
	}
	if s.Now().Before(first) {
		t.Error("the clock goes back")
	}
	if first.Location() != time.UTC {
		t.Errorf("the time is in %s", first.Location())
	}
}

// The store refuses a database whose encoding is not UTF8, since it could not store every name.
func TestPostgresEncoding(t *testing.T) {
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatal(err)
	}
	const create = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
	if err := cluster.Exec(t.Context(), "postgres", create); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.OpenPostgres(t.Context(), postgres.Config{URL: secret.New(cluster.SocketURL("latin"))})
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "encoding is LATIN1") {
		t.Errorf("a database in LATIN1: got error %v", err)
	}
}

// Reads and writes continue when another server migrates a table.
func TestPostgresContinuesAfterMigration(t *testing.T) {
	url := newPostgres(t)
	s := openPostgres(t, postgres.Config{URL: secret.New(url), Connections: 1})
	read := func() error {
		_, err := s.Setting(t.Context(), "a")
		return err
	}
	write := func() error {
		return s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			if _, err := tx.Setting(ctx, "a"); err != nil {
				return err
			}
			return tx.SaveSetting(ctx, "a", "{}")
		})
	}
	change(t, s, func(ctx context.Context, tx *account.Tx) error { return tx.SaveSetting(ctx, "a", "{}") })
	for _, used := range []func() error{read, write} {
		for _, column := range []string{"VARCHAR", "TEXT"} {
			if err := used(); err != nil {
				t.Fatal(err)
			}
			other := openPostgres(t, postgres.Config{URL: secret.New(url)})
			if err := sqlstore.ExecOutside(t.Context(), other,
				"ALTER TABLE settings ALTER COLUMN value TYPE "+column); err != nil {
				t.Fatal(err)
			}
			if err := used(); err != nil {
				t.Errorf("after a migration: %v", err)
			}
		}
	}
}
