package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

func TestOverview(t *testing.T) {
	conform(t, "an empty database has nothing to count", func(t *testing.T, db database) {
		want(t, "users", get[account.UserCounts](t)(db.CountUsers(t.Context())), account.UserCounts{})
		want(t, "locked", get[account.LockedUsers](t)(db.LockedUsers(t.Context(), now, 10)).Count, 0)
		want(t, "mail", get[account.MailCounts](t)(db.CountOutbox(t.Context(), now)), account.MailCounts{})
	})

	conform(t, "users are counted by state", func(t *testing.T, db database) {
		for i, change := range []func(*account.User){
			func(*account.User) {},
			func(u *account.User) { u.Active = false },
			func(u *account.User) { u.NeedPasswordReset = true },
			func(u *account.User) { u.Active, u.NeedPasswordReset = false, true },
		} {
			u := localUser(string(rune('a'+i)) + "@example.org")
			change(&u)
			insertUser(t, db, u)
		}
		want(t, "users", get[account.UserCounts](t)(db.CountUsers(t.Context())),
			account.UserCounts{Total: 4, Active: 2, Inactive: 2, MustChangePassword: 2})
	})

	conform(t, "users locked from unknown networks are shown, the longest lock first", func(t *testing.T, db database) {
		users := insertUsers(t, db, 3)
		lock := func(key string, until time.Time) {
			saveThrottle(t, db, lockout.Counter{Key: key, LockedUntil: until})
		}
		of := func(i int) string { return lockout.UserSubject(users[i].ID) }
		lock(lockout.SignInKey(of(0), "", false), now.Add(time.Microsecond))
		lock(lockout.SignInKey(of(1), "", false), now.Add(time.Hour))
		lock(lockout.SignInKey(of(2), "", false), now)                   // has expired
		lock(lockout.SignInKey(of(2), "home", true), now.Add(time.Hour)) // locks out one network, not the user
		lock(lockout.NetworkKey("new"), now.Add(time.Hour))
		lock(lockout.SignInKey(lockout.UnknownSubject("k1", make([]byte, 16)), "", false), now.Add(time.Hour))
		locked := get[account.LockedUsers](t)(db.LockedUsers(t.Context(), now, 10))
		want(t, "locked users", locked.Count, 2)
		want(t, "shown users", len(locked.First), 2)
		want(
			t,
			"the first",
			locked.First[0],
			account.LockedUser{
				ID:    users[1].ID,
				Name:  users[1].Name,
				Email: users[1].Email,
				Until: now.Add(time.Hour).Truncate(time.Microsecond),
			},
		)
		want(t, "the second", locked.First[1].ID, users[0].ID)
		few := get[account.LockedUsers](t)(db.LockedUsers(t.Context(), now, 1))
		want(t, "locked users, of which one is shown", few.Count, 2)
		want(t, "shown users, limited to one", len(few.First), 1)
	})

	conform(t, "sign-ins are counted by quarters of an hour", func(t *testing.T, db database) {
		begin := now.Truncate(account.SignInInterval)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			entry := func(at time.Time, action account.Action, count int) account.Activity {
				return account.Activity{At: at, Event: account.Event{Action: action}, Count: count}
			}
			if err := tx.CountFailedSignIn(ctx, account.FailedSignIns{Minute: begin, ClientNetwork: "a", Count: 7}); err != nil {
				return err
			}
			return tx.InsertActivity(ctx,
				entry(begin.Add(-time.Microsecond), account.ActionSignIn, 1), // before the first interval
				entry(begin, account.ActionSignIn, 1),
				entry(begin.Add(account.SignInInterval-time.Microsecond), account.ActionSignIn, 1),
				entry(begin, account.ActionSignInFailed, 3),
				entry(begin, account.ActionSessionEnd, 1),
				entry(begin.Add(2*account.SignInInterval), account.ActionSignInFailed, 20),
				entry(begin.Add(3*account.SignInInterval), account.ActionSignInFailed, 1), // after the last interval
			)
		})
		got := get[[]account.SignInCount](t)(db.SignIns(t.Context(), begin, begin.Add(3*account.SignInInterval)))
		want(t, "quarters", len(got), 3)
		want(t, "the first", got[0], account.SignInCount{Begin: begin, Succeeded: 2, Failed: 10})
		want(t, "the second", got[1], account.SignInCount{Begin: begin.Add(account.SignInInterval)})
		want(t, "the third", got[2], account.SignInCount{Begin: begin.Add(2 * account.SignInInterval), Failed: 20})
	})

	conform(t, "messages are counted by state", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		old, late, failed := requestedMail(), readyMail(u.ID), finishedMail(u.ID, account.MailFailed)
		old.Created = now.Add(-time.Hour)
		insertMail(t, db, old)
		insertMail(t, db, requestedMail())
		insertMail(t, db, finishedMail(u.ID, account.MailDelivered))
		failed.LastError, failed.Finished = "too long ago", now.Add(-time.Microsecond)
		insertMail(t, db, failed)
		counts := account.MailCounts{Waiting: 2, Oldest: old.Created.Truncate(time.Microsecond)}
		count := func(what string) {
			t.Helper()
			want(t, what, get[account.MailCounts](t)(db.CountOutbox(t.Context(), now)), counts)
		}
		count("none failed")

		failed.LastError, failed.Finished = "550 no such user", now.Add(time.Second)
		insertMail(t, db, failed)
		failed.LastError, failed.Finished = "earlier", now
		insertMail(t, db, failed)
		counts.Failed, counts.LastError = 2, "550 no such user"
		count("some were given up")

		insertMail(t, db, late)
		late.LastError = "452 full"
		insertMail(t, db, late)
		counts.Waiting, counts.Late, counts.LastError = 4, 2, "452 full"
		count("some are late")
	})

	conform(t, "the health of the database is reported", func(t *testing.T, db database) {
		before := get[account.DatabaseHealth](t)(db.Health(t.Context()))
		insertUsers(t, db, 200)
		after := get[account.DatabaseHealth](t)(db.Health(t.Context()))
		if before.Bytes < 1 || after.Bytes < before.Bytes || after.ReadLatency <= 0 || after.Schema < 4 ||
			after.Refused != "" {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

func TestActivityByTime(t *testing.T) {
	conform(t, "a page begins after a cursor", func(t *testing.T, db database) {
		hour := func(n int) time.Time { return now.Add(time.Duration(n) * time.Hour).Truncate(time.Microsecond) }
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			var entries []account.Activity
			for _, n := range []int{1, 3, 2, 2, 4} { // inserted after an entry with a later time
				entries = append(entries, account.Activity{At: hour(n), Count: 1})
			}
			return tx.InsertActivity(ctx, entries...)
		})
		first := get[[]account.StoredActivity](t)(db.UnsealedActivity(t.Context(), 1))[0].ID
		for _, test := range []struct {
			name string
			q    account.ActivityQuery
			want string // numbers of the entries, from 0 in order of insertion
		}{
			{"backward", account.ActivityQuery{}, "41320"},
			{"forward", account.ActivityQuery{OldestFirst: true}, "02314"},
			{"since", account.ActivityQuery{ActivityFilter: account.ActivityFilter{From: hour(3)}}, "41"},
			{"until", account.ActivityQuery{ActivityFilter: account.ActivityFilter{To: hour(3)}}, "320"},
			{"after the first of two entries of one time",
				account.ActivityQuery{Before: account.ActivityPosition{ID: first + 3, At: hour(2)}}, "20"},
			{"after the second of them",
				account.ActivityQuery{Before: account.ActivityPosition{ID: first + 2, At: hour(2)}}, "0"},
			{"forward, after the second", account.ActivityQuery{
				OldestFirst: true, After: account.ActivityPosition{ID: first + 2, At: hour(2)},
			}, "314"},
		} {
			test.q.ByTime, test.q.Limit = true, 10
			got := ""
			for _, e := range get[[]account.StoredActivity](t)(db.Activity(t.Context(), test.q)) {
				got += string("01234"[e.ID-first])
			}
			want(t, test.name, got, test.want)
		}
	})
}
