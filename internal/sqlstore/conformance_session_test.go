package sqlstore_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// wantSessions checks which sessions of the slice all are stored. Those whose indices are in
// existing must be stored, and the others must not.
func wantSessions(t *testing.T, db database, what string, all []account.Session, existing ...int) {
	t.Helper()
	left := map[int64]bool{}
	for _, i := range existing {
		left[all[i].ID] = true
	}
	for i, s := range all {
		_, err := db.Session(t.Context(), s.ID)
		if left[s.ID] && err != nil || !left[s.ID] && err == nil {
			t.Errorf("%s: session %d: got error %v, want it to exist: %v", what, i, err, left[s.ID])
		}
	}
}

func TestSession(t *testing.T) {
	conform(t, "an inserted session is read back", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		s := insertSession(t, db, u.ID, "one")
		insertSession(t, db, u.ID, "two")
		want(t, "by id", get[account.Session](t)(db.Session(t.Context(), s.ID)), s)
		want(t, "by hash", get[account.Session](t)(db.SessionByHash(t.Context(), hashOf("one"))), s)
	})

	conform(t, "a missing session is not found", func(t *testing.T, db database) {
		insertSession(t, db, insertUser(t, db, localUser("a@example.org")).ID, "one")
		for _, id := range []int64{0, 2, math.MaxInt64, math.MinInt64} {
			_, err := db.Session(t.Context(), id)
			wantErr(t, "Session", err, account.ErrNotFound)
			_, err = try(t, db, func(ctx context.Context, tx *account.Tx) (int, error) { return tx.AddSessionFailure(ctx, id) })
			wantErr(t, "AddSessionFailure", err, account.ErrNotFound)
			_, err = try(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				return 0, tx.SetSessionHash(ctx, id, hashOf("one"), hashOf("three"))
			})
			wantErr(t, "SetSessionHash", err, account.ErrNotFound)
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.TouchSession(ctx, id, now) })
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, id) })
		}
		_, err := db.SessionByHash(t.Context(), hashOf("two"))
		wantErr(t, "SessionByHash", err, account.ErrNotFound)
	})

	conform(t, "the schema refuses bad sessions", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		insertSession(t, db, u.ID, "one")
		for name, s := range map[string]account.Session{"one": {UserID: u.ID}, "two": {UserID: 99}} {
			_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertSession(ctx, s, hashOf(name))
			})
			want(t, name, account.ErrorCode(err), account.CodeInternal)
		}
	})

	conform(t, "another token replaces the one before", func(t *testing.T, db database) {
		s := insertSession(t, db, insertUser(t, db, localUser("a@example.org")).ID, "one")
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return tx.SetSessionHash(ctx, s.ID, hashOf("one"), hashOf("two"))
		})
		want(t, "by the new hash", get[account.Session](t)(db.SessionByHash(t.Context(), hashOf("two"))), s)
		_, err := db.SessionByHash(t.Context(), hashOf("one"))
		wantErr(t, "by the old hash", err, account.ErrNotFound)
		_, err = try(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
			return 0, tx.SetSessionHash(ctx, s.ID, hashOf("one"), hashOf("three"))
		})
		wantErr(t, "in place of a hash that was replaced", err, account.ErrNotFound)
	})

	conform(t, "the last use only moves forward", func(t *testing.T, db database) {
		s := insertSession(t, db, insertUser(t, db, localUser("a@example.org")).ID, "one")
		for _, move := range []time.Duration{time.Hour, time.Minute, time.Hour + time.Microsecond, -time.Hour} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.TouchSession(ctx, s.ID, now.Add(move)) })
			if seen := now.Add(move); seen.After(s.LastSeen) {
				s.LastSeen = seen
			}
			want(t, "after "+move.String(), get[account.Session](t)(db.Session(t.Context(), s.ID)), s)
		}
	})

	conform(t, "failures add up", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		one, two := insertSession(t, db, u.ID, "one"), insertSession(t, db, u.ID, "two")
		fail := func(id int64) int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) { return tx.AddSessionFailure(ctx, id) })
		}
		want(t, "first", fail(one.ID), 1)
		want(t, "second", fail(one.ID), 2)
		want(t, "of another", fail(two.ID), 1)
	})

	conform(t, "sessions are deleted", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		var all []account.Session
		for _, of := range []struct {
			user int
			name string
		}{{0, "a"}, {0, "b"}, {0, "c"}, {1, "d"}, {1, "e"}} {
			all = append(all, insertSession(t, db, users[of.user].ID, of.name))
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return tx.DeleteSessionsOf(ctx, users[0].ID, all[1].ID)
		})
		wantSessions(t, db, "all but one", all, 1, 3, 4)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, all[3].ID) })
		wantSessions(t, db, "one", all, 1, 4)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSessionsOf(ctx, users[0].ID, 0) })
		wantSessions(t, db, "all of a user", all, 4)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, all[4].ID) })
		if id := insertSession(t, db, users[0].ID, "f").ID; id <= all[4].ID {
			t.Errorf("the id %d of a deleted session was reused as %d", all[4].ID, id)
		}
	})

	conform(t, "the oldest sessions of a user are deleted", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		all := []account.Session{insertSession(t, db, users[1].ID, "other")}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			all = append(all, insertSession(t, db, users[0].ID, name))
		}
		limit := func(most, limit int) []int64 {
			return do(t, db, func(ctx context.Context, tx *account.Tx) ([]int64, error) {
				return tx.LimitSessions(ctx, users[0].ID, most, limit)
			})
		}
		want(t, "nothing to delete", len(limit(5, 10)), 0)
		if got := limit(3, 10); !slices.Equal(got, []int64{all[1].ID, all[2].ID}) {
			t.Errorf("deleted %v", got)
		}
		wantSessions(t, db, "the newest three", all, 0, 3, 4, 5)
		if got := limit(0, 2); !slices.Equal(got, []int64{all[4].ID, all[5].ID}) {
			t.Errorf("deleted %v", got)
		}
		wantSessions(t, db, "two at most", all, 0, 3)
	})

	conform(t, "sessions expire by age and when idle", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		created, seen := now.Add(-30*time.Hour), now.Add(-12*time.Hour)
		var all []account.Session
		for _, s := range []account.Session{
			{Created: created, LastSeen: now},                       // expires at this moment
			{Created: created.Add(time.Microsecond), LastSeen: now}, // lives
			{Created: seen, LastSeen: seen},                         // idle for too long
			{Created: seen, LastSeen: seen.Add(time.Microsecond)},   // lives
			{Created: created.Add(-time.Hour), LastSeen: created},   // too old, and idle for too long
		} {
			s.UserID = u.ID
			name := string(rune('a' + len(all)))
			s.ID = do(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertSession(ctx, s, hashOf(name))
			})
			all = append(all, s)
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteExpiredSessions(ctx, created, seen, 100))
		})
		wantSessions(t, db, "expired", all, 1, 3)
	})

	conform(t, "the newest live sessions of a user are listed by id", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		var all []account.Session
		for i, s := range []account.Session{
			{UserID: users[0].ID, Created: now, LastSeen: now},
			{UserID: users[0].ID, Created: now.Add(-time.Hour), LastSeen: now}, // too old
			{UserID: users[0].ID, Created: now, LastSeen: now.Add(-time.Hour)}, // idle for too long
			{UserID: users[1].ID, Created: now, LastSeen: now},
			{UserID: users[0].ID, Created: now, LastSeen: now},
			{UserID: users[0].ID, Created: now, LastSeen: now},
		} {
			name := string(rune('a' + i))
			s.ID = do(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertSession(ctx, s, hashOf(name))
			})
			all = append(all, s)
		}
		list := func(limit int) []account.Session {
			return get[[]account.Session](t)(
				db.SessionsOf(t.Context(), users[0].ID, now.Add(-time.Hour), now.Add(-time.Hour), limit),
			)
		}
		for limit, wanted := range map[int][]account.Session{
			9: {all[0], all[4], all[5]}, 2: {all[4], all[5]}, 0: nil,
		} {
			if got := list(limit); !slices.Equal(got, wanted) {
				t.Errorf("at most %d: got %+v, want %+v", limit, got, wanted)
			}
		}
	})

	conform(t, "sessions are deleted with their user", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		all := []account.Session{insertSession(t, db, users[0].ID, "a"), insertSession(t, db, users[1].ID, "b")}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[0].ID) })
		wantSessions(t, db, "deleted", all, 1)
	})
}
