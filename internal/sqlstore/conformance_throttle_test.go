package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// wantThrottles checks which counters exist. keys maps the key of a counter to whether the counter must exist. A
// counter without failures counts as missing.
func wantThrottles(t *testing.T, db database, keys map[string]bool) {
	t.Helper()
	for key, kept := range keys {
		if got := counter(t, db, key); kept != (got.Failures > 0) {
			t.Errorf("%s: got %+v, want it to exist: %v", key, got, kept)
		}
	}
}

func TestThrottle(t *testing.T) {
	full := lockout.Counter{
		Key: "u:7|192.0.2.1", Failures: 1, Pending: 2, PendingSince: now, WindowFailures: 3,
		WindowStart: now.Add(time.Second),
		Streak:      4, LastFailure: now.Add(2 * time.Second), LockedUntil: now.Add(3 * time.Second),
	}

	conform(t, "a saved counter is read back", func(t *testing.T, db database) {
		want(t, "at first", counter(t, db, full.Key), lockout.Counter{Key: full.Key})
		saveThrottle(t, db, full)
		want(t, "saved", counter(t, db, full.Key), full)
		locked := do(t, db, func(ctx context.Context, tx *account.Tx) (lockout.Counter, error) {
			return tx.LockThrottle(ctx, full.Key)
		})
		want(t, "locked", locked, full)
		saveThrottle(t, db, lockout.Counter{Key: full.Key})
		want(t, "emptied", counter(t, db, full.Key), lockout.Counter{Key: full.Key})
		want(t, "another", counter(t, db, full.Key+"0"), lockout.Counter{Key: full.Key + "0"})
	})

	conform(t, "a counter is locked before it is saved", func(t *testing.T, db database) {
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error { return tx.SaveThrottle(ctx, full) })
		wantErr(t, "SaveThrottle", err, account.ErrNotFound)
		fresh := do(t, db, func(ctx context.Context, tx *account.Tx) (lockout.Counter, error) {
			return tx.LockThrottle(ctx, "new")
		})
		want(t, "a new one", fresh, lockout.Counter{Key: "new"})
	})

	conform(t, "the counters of one subject are deleted", func(t *testing.T, db database) {
		keys := map[string]bool{
			"u:1|new": false, "u:1|": false, "u:1|192.0.2.1": false, "u:1|\u00ff\U0010ffff": false, "u:1||": false,
			"u:1": true, "u:11|new": true, "u:12|new": true, "u:10|": true, "u:2|new": true, "U:1|new": true, "x:1|new": true,
			"u:1}": true, "u:1{new": true, "source|u:1|new": true, "u:0|new": true,
		}
		for key := range keys {
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1})
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteThrottlesOf(ctx, "u:1|") })
		wantThrottles(t, db, keys)
	})

	conform(t, "a subject has no wildcards", func(t *testing.T, db database) {
		for _, key := range []string{"u:%|a", "u:_|a", "u:1|a"} {
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1})
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteThrottlesOf(ctx, "u:%|") })
		wantThrottles(t, db, map[string]bool{"u:%|a": false, "u:_|a": true, "u:1|a": true})
	})
}

func TestIdleThrottles(t *testing.T) {
	conform(t, "idle unlocked counters are deleted", func(t *testing.T, db database) {
		before := now.Add(-24 * time.Hour)
		old := before.Add(-time.Microsecond)
		keys := map[string]bool{}
		add := func(kept bool, v lockout.Counter) {
			v.Failures = 1
			keys[v.Key] = kept
			saveThrottle(t, db, v)
		}
		add(false, lockout.Counter{Key: "u:1|never"})
		add(false, lockout.Counter{Key: "u:1|old", LastFailure: old, PendingSince: old, WindowStart: old, LockedUntil: old})
		add(true, lockout.Counter{Key: "u:1|failed", LastFailure: before})
		add(true, lockout.Counter{Key: "u:1|pending", PendingSince: before})
		add(true, lockout.Counter{Key: "u:1|window", WindowStart: before})
		add(true, lockout.Counter{Key: "u:1|locked", LastFailure: old, LockedUntil: now.Add(time.Microsecond)})
		add(false, lockout.Counter{Key: "source|192.0.2.1", LastFailure: old})
		add(true, lockout.Counter{Key: "source|192.0.2.2", LastFailure: now})
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteIdleThrottles(ctx, before, now, 100))
		})
		wantThrottles(t, db, keys)
	})

	conform(t, "the newest and the locked counters with a prefix stay", func(t *testing.T, db database) {
		keys := map[string]bool{}
		save := func(key string, kept bool, age time.Duration, lock time.Duration) {
			keys[key] = kept
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1, LastFailure: now.Add(-age), LockedUntil: now.Add(lock)})
		}
		for i := range 6 { // a counter with a higher number is older
			save(fmt.Sprintf("x:%d|new", i), i < 3, time.Duration(i)*time.Minute, -time.Hour)
		}
		save("x:old-and-locked|new", true, 3*time.Hour, time.Hour)
		save("x:older-and-locked|192.0.2.1", true, 4*time.Hour, time.Hour)
		for _, known := range []string{"u:1|new", "source|192.0.2.1", "x", "w:|", "y:|", "recovery|x:1"} {
			save(known, true, 5*time.Hour, -time.Hour)
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if n, err := tx.CountThrottles(ctx, "x:"); n != 8 || err != nil {
				t.Errorf("counted %d, %v", n, err)
			}
			return counted(tx.DeleteOldestThrottles(ctx, "x:", now, 3))
		})
		wantThrottles(t, db, keys)
	})

	conform(t, "the age of a counter is that of its last failure or window", func(t *testing.T, db database) {
		hours := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour) }
		keys := map[string]bool{}
		add := func(kept bool, v lockout.Counter) {
			v.Failures = 1
			keys[v.Key] = kept
			saveThrottle(t, db, v)
		}
		add(false, lockout.Counter{Key: "recovery|oldest", WindowStart: hours(-5)})
		add(false, lockout.Counter{Key: "recovery|old failure", WindowStart: hours(-6), LastFailure: hours(-4)})
		add(true, lockout.Counter{Key: "recovery|window", WindowStart: hours(-3)})
		add(true, lockout.Counter{Key: "recovery|failure", WindowStart: hours(-9), LastFailure: hours(-2)})
		add(true, lockout.Counter{Key: "source|192.0.2.1", WindowStart: hours(-20)})
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteOldestThrottles(ctx, "recovery|", now, 2))
		})
		wantThrottles(t, db, keys)
	})

	conform(t, "a deletion is limited and returns the number of rows", func(t *testing.T, db database) {
		for i := range 5 {
			saveThrottle(t, db, lockout.Counter{Key: fmt.Sprintf("x:%d|new", i), LastFailure: now.Add(-48 * time.Hour)})
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, want := range []int{3, 2, 0} {
				if n, err := tx.DeleteIdleThrottles(ctx, now.Add(-24*time.Hour), now, 3); n != want || err != nil {
					return fmt.Errorf("deleted %d, %w; want %d", n, err, want)
				}
			}
			return nil
		})
	})

	conform(t, "locked counters stay beyond the limit", func(t *testing.T, db database) {
		keys := map[string]bool{"x:free|new": false, "u:1|new": true}
		for key := range keys {
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1, LastFailure: now})
		}
		for i := range 4 {
			key := fmt.Sprintf("x:%d|new", i)
			keys[key] = true
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1, LastFailure: now, LockedUntil: now.Add(time.Hour)})
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteOldestThrottles(ctx, "x:", now, 100))
		})
		wantThrottles(t, db, keys)
	})
}

func TestKnownNetwork(t *testing.T) {
	knows := func(t *testing.T, db database, id int64, network string, since time.Time) bool {
		return do(t, db, func(ctx context.Context, tx *account.Tx) (bool, error) {
			return tx.IsKnownNetwork(ctx, id, network, since)
		})
	}

	conform(t, "a network is known since its last use", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		id := users[0].ID
		want(t, "at first", knows(t, db, id, "192.0.2.1", time.Time{}), false)
		for _, at := range []time.Time{now.Add(-time.Hour), now} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error {
				return tx.SaveKnownNetwork(ctx, id, "192.0.2.1", at)
			})
			want(t, "at its last use", knows(t, db, id, "192.0.2.1", at), true)
			want(t, "after it", knows(t, db, id, "192.0.2.1", at.Add(time.Microsecond)), false)
		}
		want(t, "another network", knows(t, db, id, "192.0.2.10", time.Time{}), false)
		want(t, "of another user", knows(t, db, users[1].ID, "192.0.2.1", time.Time{}), false)
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return tx.SaveKnownNetwork(ctx, 99, "192.0.2.1", now)
		})
		want(t, "of a missing user", account.ErrorCode(err), account.CodeInternal)
	})

	conform(t, "networks are deleted", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for i, u := range users {
				for source, at := range map[string]time.Time{"old": now.Add(-time.Microsecond), "new": now} {
					if err := tx.SaveKnownNetwork(ctx, u.ID, source, at.Add(time.Duration(i)*time.Hour)); err != nil {
						return err
					}
				}
			}
			return counted(tx.DeleteKnownNetworks(ctx, now, 100))
		})
		want(t, "old", knows(t, db, users[0].ID, "old", time.Time{}), false)
		want(t, "new", knows(t, db, users[0].ID, "new", time.Time{}), true)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[0].ID) })
		want(t, "of a deleted user", knows(t, db, users[0].ID, "new", time.Time{}), false)
		want(t, "of another user", knows(t, db, users[1].ID, "old", time.Time{}), true)
	})
}
