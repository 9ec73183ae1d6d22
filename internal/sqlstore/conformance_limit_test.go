package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// allRunes returns texts of size characters each, which together have every character of Unicode except NUL. No input
// may contain NUL, and PostgreSQL can't store it.
func allRunes(size int) []string {
	var pieces []string
	var b strings.Builder
	for r, n := rune(1), 0; r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		b.WriteRune(r)
		if n++; n%size == 0 || r == utf8.MaxRune {
			pieces = append(pieces, b.String())
			b.Reset()
		}
	}
	return pieces
}

func TestLimits(t *testing.T) {
	conform(t, "every character", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		for _, text := range append(allRunes(1<<18), "", " ", "'; DROP TABLE users; --", "$1 ?1 :a %s", "e\u0301", "\u00e9",
			"1", "1.0", "NULL") {
			u.Biography, u.Surname, u.Department = ptr(text), ptr(text), ptr(text)
			u.Name = string([]rune(text)[:min(len([]rune(text)), account.MaxNameLength)]) // indexed, so its limit is lower
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
			if got := get[account.User](t)(db.User(t.Context(), u.ID, now)); !reflect.DeepEqual(got, u) {
				t.Errorf("the text that begins with %.20q was changed", text)
			}
		}
	})

	conform(t, "the longest fields", func(t *testing.T, db database) {
		u := localUser("a@example.org")
		wide := func(n int) string { return strings.Repeat("\U0001f9d1", n) }
		u.Name, u.Surname, u.Department = wide(account.MaxNameLength), ptr(
			wide(account.MaxNameLength),
		), ptr(wide(account.MaxNameLength))
		u.Biography = ptr(wide(account.MaxBiographyLength))
		u.Picture = bytes.Repeat([]byte{0, 255, 10, 39}, account.MaxPictureBytes/4)
		u = insertUser(t, db, u)
		if got := get[account.User](t)(db.User(t.Context(), u.ID, now)); !reflect.DeepEqual(got, u) {
			t.Error("the user was changed")
		}
	})

	conform(t, "the longest address", func(t *testing.T, db database) {
		email := strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "org"
		u := insertUser(t, db, localUser(email))
		want(t, "user", get[account.Credential](t)(db.CredentialByEmail(t.Context(), key(email))).UserID, u.ID)
	})

	conform(t, "the greatest and the least numbers", func(t *testing.T, db database) {
		insertUsers(t, db, 2)
		for id, n := range map[int64]int{1: math.MaxInt64, 2: math.MinInt64} {
			u := get[account.User](t)(db.User(t.Context(), id, now))
			u.EULAVersion = n
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return updateUser(ctx, tx, u) })
			want(t, "version", get[account.User](t)(db.User(t.Context(), id, now)).EULAVersion, n)
		}
		role := insertRole(t, db,
			access.Role{Name: "R", Permissions: []access.Permission{permission("user", "read", 1, math.MaxInt64)}})
		if got := get[[]access.Role](t)(db.Roles(t.Context(),
			[]int64{math.MinInt64, role.ID, math.MaxInt64})); !reflect.DeepEqual(
			got,
			[]access.Role{role},
		) {
			t.Errorf("got %+v, want %+v", got, role)
		}
		saveThrottle(t, db, lockout.Counter{Key: "k", Failures: math.MaxInt64, Streak: math.MinInt64})
		want(t, "counter", counter(t, db, "k"), lockout.Counter{Key: "k", Failures: math.MaxInt64, Streak: math.MinInt64})
	})

	conform(t, "many users in one transaction", func(t *testing.T, db database) {
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for i := range account.MaxNewUsers {
				if err := add(ctx, tx, fmt.Sprintf("%d@example.org", i)); err != nil {
					return err
				}
			}
			return nil
		})
		users := get[[]account.User](t)(db.UsersAfter(t.Context(), 0, math.MaxInt32, now))
		want(t, "users", len(users), account.MaxNewUsers)
	})
}

func TestTimes(t *testing.T) {
	conform(t, "times are read back in UTC, to the microsecond", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		for name, in := range map[string]time.Time{
			"UTC":                     now,
			"far east":                now.In(time.FixedZone("", 14*3600)),
			"west, odd":               now.In(time.FixedZone("odd", -(11*3600 + 59*60 + 59))),
			"half an hour":            now.In(time.FixedZone("IST", 5*3600+1800)),
			"nanoseconds":             now.Add(999),
			"last microsecond":        time.Date(2026, 12, 31, 23, 59, 59, 999999000, time.UTC),
			"leap day":                time.Date(2028, 2, 29, 23, 0, 0, 1000, time.FixedZone("", -3600)),
			"in the hour that is cut": time.Date(2026, 3, 29, 2, 30, 0, 0, time.FixedZone("CET", 3600)),
			"before 1970":             time.Date(1901, 12, 13, 20, 45, 51, 1000, time.UTC),
			"no end":                  time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
			"monotonic":               time.Now(),
			"none":                    {},
		} {
			wanted := in.UTC().Truncate(time.Microsecond) // Truncate also drops the monotonic reading
			s := account.Session{UserID: u.ID, Created: in, LastSeen: in}
			s.ID = do(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) {
				return tx.InsertSession(ctx, s, hashOf(name))
			})
			s.Created, s.LastSeen = wanted, wanted
			want(t, name+": session", get[account.Session](t)(db.Session(t.Context(), s.ID)), s)

			c := lockout.Counter{Key: name, PendingSince: in, WindowStart: in, LastFailure: in, LockedUntil: in}
			saveThrottle(t, db, c)
			want(t, name+": counter", counter(t, db, name), lockout.Counter{
				Key: name, PendingSince: wanted, WindowStart: wanted, LastFailure: wanted, LockedUntil: wanted,
			})

			m := requestedMail()
			m.Created, m.NextAttempt, m.Expires, m.Finished = in, in, in, in
			m = insertMail(t, db, m)
			m.Created, m.NextAttempt, m.Expires, m.Finished = wanted, wanted, wanted, wanted
			wantMail(t, name+": mail", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)

			r := account.Recovery{UserID: u.ID, Kind: account.MailRecovery, Created: in, Expires: in}
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.InsertRecovery(ctx, r, hashOf(name)) })
			want(t, name+": recovery", get[account.Recovery](t)(recoveryByHash(t, db, name)),
				account.Recovery{UserID: u.ID, Kind: account.MailRecovery, Created: wanted, Expires: wanted})
		}
	})

	conform(t, "an argument may be in any zone", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		saveThrottle(t, db, lockout.Counter{Key: "u:1|new", LockedUntil: now.In(time.FixedZone("", -5*3600))})
		east := time.FixedZone("", 9*3600)
		want(t, "before", get[account.User](t)(db.User(t.Context(), u.ID, now.Add(-time.Microsecond).In(east))).LockedOut,
			true)
		want(t, "at the end", get[account.User](t)(db.User(t.Context(), u.ID, now.In(east))).LockedOut, false)
	})
}
