package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

func recoveryByHash(t *testing.T, db database, name string) (account.Recovery, error) {
	return try(t, db, func(ctx context.Context, tx *account.Tx) (account.Recovery, error) {
		return tx.RecoveryByHash(ctx, hashOf(name))
	})
}

// wantRecoveries checks recovery tokens. names maps the name of a token to whether the token must
// exist.
func wantRecoveries(t *testing.T, db database, what string, names map[string]bool) {
	t.Helper()
	for name, there := range names {
		if _, err := recoveryByHash(t, db, name); there && err != nil || !there && !errors.Is(err, account.ErrNotFound) {
			t.Errorf("%s: token %s: got error %v, want it to exist: %v", what, name, err, there)
		}
	}
}

func TestRecovery(t *testing.T) {
	insertAs := func(t *testing.T, db database, kind account.MailKind, userID int64, name string,
		expires time.Time) account.Recovery {
		t.Helper()
		r := account.Recovery{UserID: userID, Kind: kind, Created: now, Expires: expires}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.InsertRecovery(ctx, r, hashOf(name)) })
		return r
	}
	insert := func(t *testing.T, db database, userID int64, name string, expires time.Time) account.Recovery {
		t.Helper()
		return insertAs(t, db, account.MailRecovery, userID, name, expires)
	}

	conform(t, "an inserted token is read back", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		r := insert(t, db, u.ID, "one", now.Add(time.Hour))
		want(t, "recovery", get[account.Recovery](t)(recoveryByHash(t, db, "one")), r)
		_, err := recoveryByHash(t, db, "two")
		wantErr(t, "unknown", err, account.ErrNotFound)
		for name, bad := range map[string]account.Recovery{"one": r, "of a missing user": {UserID: 99}} {
			err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return tx.InsertRecovery(ctx, bad, hashOf(name))
			})
			want(t, name, account.ErrorCode(err), account.CodeInternal)
		}
	})

	conform(t, "the newest tokens are kept", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		names := map[string]bool{"other": true}
		insert(t, db, users[1].ID, "other", now)
		for i := range 5 {
			name := fmt.Sprint(i)
			insert(t, db, users[0].ID, name, now.Add(-time.Duration(i)*time.Hour)) // later tokens expire earlier
			names[name] = true
		}
		for _, keep := range []int{9, 2, 0} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error {
				return tx.LimitRecoveries(ctx, users[0].ID, account.MailRecovery, keep)
			})
			for i := range 5 {
				names[fmt.Sprint(i)] = i >= 5-keep
			}
			wantRecoveries(t, db, fmt.Sprintf("keep %d", keep), names)
		}
	})

	conform(t, "each kind is limited by itself, and all are deleted together", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		invitation := insertAs(t, db, account.MailInvitation, users[0].ID, "invitation", now)
		insert(t, db, users[0].ID, "first", now)
		insert(t, db, users[0].ID, "second", now)
		insert(t, db, users[1].ID, "other", now)
		want(t, "invitation", get[account.Recovery](t)(recoveryByHash(t, db, "invitation")), invitation)
		limit := func(kind account.MailKind, keep int) {
			t.Helper()
			change(t, db, func(ctx context.Context, tx *account.Tx) error {
				return tx.LimitRecoveries(ctx, users[0].ID, kind, keep)
			})
		}
		limit(account.MailInvitation, 1)
		wantRecoveries(t, db, "one invitation",
			map[string]bool{"invitation": true, "first": true, "second": true, "other": true})
		limit(account.MailRecovery, 1)
		wantRecoveries(t, db, "one recovery",
			map[string]bool{"invitation": true, "first": false, "second": true, "other": true})
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteRecoveriesOf(ctx, users[0].ID) })
		wantRecoveries(t, db, "all", map[string]bool{"invitation": false, "second": false, "other": true})
	})

	conform(t, "tokens expire, and are deleted with their user", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		insert(t, db, users[0].ID, "expired", now)
		insert(t, db, users[0].ID, "live", now.Add(time.Microsecond))
		insert(t, db, users[1].ID, "other", now.Add(time.Hour))
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return counted(tx.DeleteExpiredRecoveries(ctx, now, 100))
		})
		wantRecoveries(t, db, "expired", map[string]bool{"expired": false, "live": true, "other": true})
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[0].ID) })
		wantRecoveries(t, db, "deleted", map[string]bool{"live": false, "other": true})
	})
}
