package sqlstore_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/monotime"
	"github.com/seed-3a99a2fe/usher/internal/pgtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
)

// newPostgres makes an empty database and returns its URL.
func newPostgres(t *testing.T) string {
	t.Helper()
	cluster, name := pgtest.NewDatabase(t)
	return cluster.SocketURL(name)
}

func openPostgres(t *testing.T, p sqlstore.Postgres) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.OpenPostgres(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestPostgresIsReachedProtected(t *testing.T) {
	for url, plain := range map[string]bool{
		"postgres://u:hunter2@203.0.113.7/d":                              true, // libpq would prefer TLS, and do without
		"postgres://u:hunter2@203.0.113.7/d?sslmode=disable":              true,
		"postgres://u:hunter2@203.0.113.7/d?sslmode=allow":                true,
		"postgres://u:hunter2@203.0.113.7/d?sslmode=prefer":               true,
		"postgres://u:hunter2@127.0.0.1,203.0.113.7/d?sslmode=disable":    true,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable":              false,
		"postgres://u:hunter2@localhost:1/d":                              false,
		"postgres://u:hunter2@[::1]:1/d?sslmode=prefer":                   false,
		"postgres:///d?host=/nowhere&port=1&user=u&password=hunter2":      false,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=require":              false,
		"postgres://u:hunter2@127.0.0.1:1,127.0.0.1:2/d?sslmode=disable":  false,
		"postgres://u:hunter2@127.0.0.1:1/d?sslmode=maybe":                false, // cannot be read
		"postgres://u:hunter2@127.0.0.1:port/d":                           false,
		"host=127.0.0.1 port=1 user=u password=hunter2 sslmode=something": false,
	} {
		_, err := sqlstore.OpenPostgres(t.Context(), sqlstore.Postgres{URL: secret.New(url)})
		if err == nil {
			t.Errorf("%s was opened", url)
			continue
		}
		if errors.Is(err, sqlstore.ErrPlainConnection) != plain {
			t.Errorf("%s: %v", url, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the failure shows the password: %v", err)
		}
	}
}

// Of two transactions that wait for each other, one is ended by the database, and
// runs again.
func TestPostgresRunsAgainAfterADeadlock(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t))})
	change(t, s, func(ctx context.Context, tx account.Tx) error {
		for _, id := range []int64{1, 2} {
			if _, err := tx.InsertRole(ctx, access.Role{ID: id, Name: string(rune('a' + id))}); err != nil {
				return err
			}
		}
		return nil
	})
	var both, running sync.WaitGroup // both have locked their first
	both.Add(2)
	var mu sync.Mutex
	runs := 0
	for _, order := range [][]int64{{1, 2}, {2, 1}} {
		running.Go(func() {
			first := true
			err := s.Write(context.Background(), func(ctx context.Context, tx account.Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				if err := tx.LockRoles(ctx, order[0]); err != nil {
					return err
				}
				if _, err := tx.CountAdministrators(ctx); err != nil { // it is held now
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

// A last use is not worth waiting for: where another transaction has the row, it is
// left as it is.
func TestPostgresTouchWaitsForNoRow(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t))})
	owner := insertUser(t, s, localUser("a@example.org")).ID
	session := insertSession(t, s, owner, "one")
	key := insertKey(t, s, account.APIKey{UserID: owner, Kind: account.APIKeyNamed, Name: "k", Hash: hashOf("two")})
	touch := func() error {
		return s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
			return errors.Join(tx.TouchSession(ctx, session.ID, now.Add(time.Hour)), tx.TouchAPIKey(ctx, key.ID, now.Add(time.Hour)))
		})
	}
	uses := func() [2]time.Time {
		return [2]time.Time{
			get[account.Session](t)(s.Session(t.Context(), session.ID)).LastSeen, get[account.APIKey](t)(s.APIKey(t.Context(), key.ID)).LastUsed,
		}
	}
	before := uses()
	change(t, s, func(ctx context.Context, tx account.Tx) error {
		_, err := tx.AddSessionFailure(ctx, session.ID)
		_, err2 := tx.AddAPIKeyFailure(ctx, key.ID)
		return errors.Join(err, err2, touch())
	})
	want(t, "the last uses beside another transaction", uses(), before)
	wantErr(t, "touch", touch(), nil)
	want(t, "the last uses after it", uses(), [2]time.Time{now.Add(time.Hour), now.Add(time.Hour)})
}

// Who waits for a connection waits no longer than he wants to, and leaves nothing
// behind.
func TestPostgresCallerLeavesWithoutAConnection(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t)), Connections: 1})
	change(t, s, func(context.Context, account.Tx) error {
		brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		err := s.Write(brief, func(context.Context, account.Tx) error {
			t.Error("it runs")
			return nil
		})
		wantErr(t, "a write without a connection", err, context.DeadlineExceeded)
		return nil
	})
}

// A transaction is cut off by the database before it ends: nobody knows how it
// ended, and the caller is told so.
func TestPostgresTellsThatAnOutcomeIsNotKnown(t *testing.T) {
	url := newPostgres(t)
	s, other := openPostgres(t, sqlstore.Postgres{URL: secret.New(url)}), openPostgres(t, sqlstore.Postgres{URL: secret.New(url)})
	cut := func(ctx context.Context) error {
		return sqlstore.ExecOutside(ctx, other, `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`)
	}
	save := func(ctx context.Context, tx account.Tx) error {
		if err := tx.SaveSetting(ctx, "a", "{}"); err != nil {
			return err
		}
		_, err := tx.Setting(ctx, "a") // it is there now
		return err
	}
	err := s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error { return cmp.Or(save(ctx, tx), cut(ctx)) })
	if !errors.Is(err, account.ErrOutcomeUnknown) || account.ErrorCode(err) != account.CodeUnavailable || !strings.Contains(err.Error(), "It may have been made") {
		t.Errorf("the failure is %v", err)
	}
	err = s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
		if err := cmp.Or(save(ctx, tx), cut(ctx)); err != nil {
			return err
		}
		_, err := tx.Setting(ctx, "a")
		return err
	})
	if errors.Is(err, account.ErrOutcomeUnknown) || account.ErrorCode(err) != account.CodeUnavailable || !strings.Contains(err.Error(), "Nothing was changed") {
		t.Errorf("the failure before the end is %v", err)
	}
	change(t, s, func(ctx context.Context, tx account.Tx) error { return tx.SaveSetting(ctx, "b", "{}") })
}

func TestPostgresStatementTimeout(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t)), StatementTimeout: 200 * time.Millisecond})
	if err := sqlstore.ExecOutside(t.Context(), s, "SELECT pg_sleep(60)"); account.ErrorCode(err) != account.CodeUnavailable {
		t.Errorf("a read that takes too long: %v", err)
	}
	err := s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error { return sqlstore.Exec(ctx, tx, "SELECT pg_sleep(60)") })
	if account.ErrorCode(err) != account.CodeUnavailable {
		t.Errorf("a write that takes too long: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sqlstore.ExecOutside(gone, s, "SELECT 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("a read whose caller is gone: %v", err)
	}
}

// The time is the database's: it is not read from this machine's clock again, and
// never goes back.
func TestPostgresTime(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t))})
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

// After a sleep of the machine, in which its monotonic clock stood still, the time is
// asked for anew; also when its other clock was set, which changes nothing.
func TestPostgresTimeAfterASleep(t *testing.T) {
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(newPostgres(t))})
	var slept atomic.Int64
	monotonic := time.Now().Round(0) // stands still throughout: the clock moves by looking alone
	machine := monotime.NewFrom(func() (time.Time, time.Time) { return monotonic, monotonic.Add(time.Duration(slept.Load())) })
	clock, end, err := sqlstore.NewClock(t.Context(), s, machine)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { wantErr(t, "end", end(), nil) }()
	for _, by := range []time.Duration{time.Second, -time.Hour, 100 * time.Hour} {
		before, limit := clock(), time.Now().Add(5*time.Second)
		slept.Add(int64(by))
		for clock().Equal(before) {
			if time.Now().After(limit) {
				t.Fatalf("after %v the clock is not asked for", by)
			}
			time.Sleep(time.Millisecond)
		}
		if off := clock().Sub(s.Now()).Abs(); off > 10*time.Second {
			t.Errorf("after %v the time is off by %v", by, off)
		}
	}
}

// A database with another encoding could not keep every name.
func TestPostgresEncoding(t *testing.T) {
	cluster, err := pgtest.Shared()
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Exec(t.Context(), "postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.OpenPostgres(t.Context(), sqlstore.Postgres{URL: secret.New(cluster.SocketURL("latin"))})
	if err == nil {
		_ = s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "encoding is LATIN1") {
		t.Errorf("it opens a database in LATIN1: %v", err)
	}
}

// Another server migrates a table under this one: reads and writes go on.
func TestPostgresGoesOnAfterAMigration(t *testing.T) {
	url := newPostgres(t)
	s := openPostgres(t, sqlstore.Postgres{URL: secret.New(url), Connections: 1})
	read := func() error {
		_, err := s.Setting(t.Context(), "a")
		return err
	}
	write := func() error {
		return s.Write(t.Context(), func(ctx context.Context, tx account.Tx) error {
			if _, err := tx.Setting(ctx, "a"); err != nil {
				return err
			}
			return tx.SaveSetting(ctx, "a", "{}")
		})
	}
	change(t, s, func(ctx context.Context, tx account.Tx) error { return tx.SaveSetting(ctx, "a", "{}") })
	for _, used := range []func() error{read, write} {
		for _, column := range []string{"VARCHAR", "TEXT"} {
			if err := used(); err != nil {
				t.Fatal(err)
			}
			other := openPostgres(t, sqlstore.Postgres{URL: secret.New(url)})
			if err := sqlstore.ExecOutside(t.Context(), other, "ALTER TABLE settings ALTER COLUMN value TYPE "+column); err != nil {
				t.Fatal(err)
			}
			if err := used(); err != nil {
				t.Errorf("after a migration: %v", err)
			}
		}
	}
}
