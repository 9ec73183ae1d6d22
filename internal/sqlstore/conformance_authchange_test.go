package sqlstore_test

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// authScene is what there is before each change: user 1 with role 1 and user 2 with
// role 2, each with a session and a key of the same number. Role 3 is for user 1
// alone, role 4 for role 2 alone; user 3 has no role.
type authScene struct {
	context.Context
	account.Tx
	users []account.User
	roles []access.Role
}

func newAuthScene(t *testing.T, db database) (s authScene) {
	for _, r := range []access.Role{
		{ID: 1, Name: "one"}, {ID: 2, Name: "two"},
		{Name: "of user 1", Permissions: []access.Permission{permission("user", "read", 1)}},
		{Name: "of role 2", Permissions: []access.Permission{permission("role", "read", 2)}},
	} {
		s.roles = append(s.roles, insertRole(t, db, r))
	}
	s.users = insertUsers(t, db, 3)
	for i, name := range []string{"one", "two"} {
		change(t, db, func(ctx context.Context, tx account.Tx) error {
			return tx.SetUserRoles(ctx, s.users[i].ID, []int64{s.roles[i].ID})
		})
		insertSession(t, db, s.users[i].ID, name)
		insertKey(t, db, account.APIKey{UserID: s.users[i].ID, Kind: account.APIKeyNamed, Name: name, Hash: hashOf("key " + name)})
	}
	change(t, db, func(ctx context.Context, tx account.Tx) error {
		return counted(tx.DeleteAuthChanges(ctx, 0, 100))
	})
	return s
}

// lockUntil makes user 1 be shown as locked until then.
func (s authScene) lockUntil(until time.Time) error {
	v, err := s.LockThrottle(s, throttle.SignInKey(throttle.UserSubject(1), "192.0.2.1", false))
	if err != nil {
		return err
	}
	v.LockedUntil = until
	return s.SaveThrottle(s, v)
}

// authChanges are the methods after which a credential may let in another principal
// than before, or nobody, and what they tell of.
var authChanges = []struct {
	method string
	call   func(authScene) error
	want   []account.AuthChange
}{
	{"UpdateUser", func(s authScene) error { return s.UpdateUser(s, account.User{}, s.users[0], "a@b.example", now) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"SetPassword", func(s authScene) error { return s.SetPassword(s, 1, "hash", true, now) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"SetUserRoles", func(s authScene) error { return s.SetUserRoles(s, 1, nil) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"SetUserRoles", func(s authScene) error { return s.SetUserRoles(s, 3, []int64{1}) }, []account.AuthChange{{Kind: account.AuthUser, ID: 3}}},
	{"DeleteUser", func(s authScene) error { return s.DeleteUser(s, 2) }, []account.AuthChange{{Kind: account.AuthUser, ID: 2}}},
	{"DeleteUser", func(s authScene) error { return s.DeleteUser(s, 1) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}, {Kind: account.AuthRole, ID: 3}}},
	{"UpdateRole", func(s authScene) error { return s.UpdateRole(s, access.Role{ID: 1, Name: "new"}) }, []account.AuthChange{{Kind: account.AuthRole, ID: 1}}},
	{"SetRolePermissions", func(s authScene) error { return s.SetRolePermissions(s, 1, nil) }, []account.AuthChange{{Kind: account.AuthRole, ID: 1}}},
	{"ReplaceRole", func(s authScene) error { return counted(s.ReplaceRole(s, 1, 2)) }, []account.AuthChange{{Kind: account.AuthRole, ID: 1}}},
	{"DeleteRole", func(s authScene) error {
		return errors.Join(s.SetUserRoles(s, 2, nil), s.DeleteRole(s, 2))
	}, []account.AuthChange{{Kind: account.AuthUser, ID: 2}, {Kind: account.AuthRole, ID: 2}, {Kind: account.AuthRole, ID: 4}}},
	{"SetSessionHash", func(s authScene) error { return s.SetSessionHash(s, 1, hashOf("one"), hashOf("another")) }, []account.AuthChange{{Kind: account.AuthSession, ID: 1}}},
	{"DeleteSession", func(s authScene) error { return s.DeleteSession(s, 1) }, []account.AuthChange{{Kind: account.AuthSession, ID: 1}}},
	{"DeleteSessionsOf", func(s authScene) error { return s.DeleteSessionsOf(s, 1, 0) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"DeleteAPIKey", func(s authScene) error { return s.DeleteAPIKey(s, 1) }, []account.AuthChange{{Kind: account.AuthKey, ID: 1}}},
	{"DeleteAPIKeysOf", func(s authScene) error { return s.DeleteAPIKeysOf(s, 1) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"SaveSetting", func(s authScene) error { return s.SaveSetting(s, "server", "{}") }, []account.AuthChange{{Kind: account.AuthSettings}}},
	{"SaveThrottle", func(s authScene) error { return s.lockUntil(now) }, []account.AuthChange{{Kind: account.AuthUser, ID: 1}}},
	{"InsertAuthChange", func(s authScene) error {
		return s.InsertAuthChange(s, account.AuthChange{Kind: account.AuthKey, ID: 9})
	}, []account.AuthChange{{Kind: account.AuthKey, ID: 9}}},
	{"several at once", func(s authScene) error {
		return errors.Join(s.DeleteSession(s, 1), s.DeleteSession(s, 2), s.DeleteSession(s, 1))
	}, []account.AuthChange{{Kind: account.AuthSession, ID: 1}, {Kind: account.AuthSession, ID: 2}}},
}

// noAuthChanges are the other methods of account.Writer, which change nothing that
// a credential which there was before lets in. Expiry is checked at each use, and
// nobody who is shown as locked is remembered.
var noAuthChanges = []string{
	"AddAPIKeyFailure", "AddSessionFailure", "ClearAPIKeyFailures", "CountAdministrators", "CountFailedSignIn", "CountMails",
	"CountNamedKeys", "CountUnknownThrottles", "DeleteAuthChanges", "DeleteEndedImports", "DeleteExpiredAPIKeys",
	"DeleteExpiredRecoveries", "DeleteExpiredSessions", "DeleteFinishedMails", "DeleteIdleThrottles",
	"DeleteImportRows", "DeleteKnownNetworks", "DeleteMail", "DeleteRecoveriesOf", "DeleteSealedActivity", "DeleteSettingSecret",
	"DeleteThrottlesOf", "DeleteUnknownThrottles", "IdleImport", "ImportRows", "InsertAPIKey", "InsertActivity", "InsertImport",
	"InsertImportRows", "InsertKeyCheck", "InsertMail", "InsertRecovery", "InsertRole", "InsertSession", "InsertUser", "InsertUsers",
	"ShareLockRoles", "ShareLockUser", "InsertedAuthChanges", "IsKnownNetwork", "LimitRecoveries", "LockAdministrators", "LockChain", "LockDueMail",
	"LockImport", "LockRoles", "LockSettings", "LockUsers", "TakeFailedSignIns",
	"LockThrottle", "RecoveryByHash", "ReleaseImported", "SaveChainEnd", "SaveCheckpoint", "SaveKnownNetwork",
	"SavePreferences", "SaveSettingSecret", "SealAPIKey", "SealActivity", "Throttle", "TouchAPIKey", "TouchSession",
	"UpdateImport", "UpdateMail",
}

// A new method of account.Writer has to be in one of the lists: whoever adds one
// decides whether it takes anything away from anybody.
func TestEveryWriteIsAuthChangeOrNot(t *testing.T) {
	listed := slices.Clone(noAuthChanges)
	for _, c := range authChanges {
		listed = append(listed, c.method)
	}
	writer := reflect.TypeFor[account.Writer]()
	for i := range writer.NumMethod() {
		if name := writer.Method(i).Name; !slices.Contains(listed, name) {
			t.Errorf("it is not said whether %s is an AuthChange", name)
		}
	}
}

// wantAuthChanges fails the test unless the store tells of these changes in the last
// hour.
func wantAuthChanges(t *testing.T, s account.Store, what string, wanted []account.AuthChange) {
	t.Helper()
	news, err := s.AuthChanges(t.Context(), 0, time.Hour, 100)
	wantErr(t, what, err, nil)
	if !slices.Equal(sortedChanges(news.Changes), sortedChanges(wanted)) {
		t.Errorf("%s: got %v, want %v", what, news.Changes, wanted)
	}
}

func sortedChanges(changes []account.AuthChange) []account.AuthChange {
	return slices.SortedFunc(slices.Values(changes), func(a, b account.AuthChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
}

func TestAuthChange(t *testing.T) {
	for _, c := range authChanges {
		conform(t, c.method+" tells every node", func(t *testing.T, db database) {
			s := newAuthScene(t, db)
			var inserted []account.AuthChange
			change(t, db, func(ctx context.Context, tx account.Tx) error {
				s.Context, s.Tx = ctx, tx
				err := c.call(s)
				inserted = tx.InsertedAuthChanges()
				return err
			})
			wantAuthChanges(t, db.another(), "read by another node", c.want)
			if !slices.Equal(sortedChanges(inserted), sortedChanges(c.want)) {
				t.Errorf("known to this one: got %v, want %v", inserted, c.want)
			}
		})
	}

	conform(t, "what is rolled back tells nobody", func(t *testing.T, db database) {
		rolledBack := errors.New("rolled back")
		_, err := try(t, db, func(ctx context.Context, tx account.Tx) (int, error) {
			return 0, errors.Join(tx.DeleteSession(ctx, 1), rolledBack)
		})
		wantErr(t, "Write", err, rolledBack)
		wantAuthChanges(t, db, "then", nil)
	})

	conform(t, "a lock is told of once", func(t *testing.T, db database) {
		s := newAuthScene(t, db)
		lock := func(until time.Time) {
			change(t, db, func(ctx context.Context, tx account.Tx) error {
				s.Context, s.Tx = ctx, tx
				return s.lockUntil(until)
			})
		}
		forget := func() {
			change(t, db, func(ctx context.Context, tx account.Tx) error { return counted(tx.DeleteAuthChanges(ctx, 0, 100)) })
		}
		lock(now)
		forget()
		lock(now)
		wantAuthChanges(t, db, "the same lock", nil)
		lock(now.Add(time.Hour))
		wantAuthChanges(t, db, "the next lock", []account.AuthChange{{Kind: account.AuthUser, ID: 1}})
		forget()
		saveThrottle(t, db, throttle.Counter{Key: throttle.NetworkKey("192.0.2.1"), LockedUntil: now})
		saveThrottle(t, db, throttle.Counter{Key: throttle.SignInKey(throttle.UserSubject(1), "192.0.2.1", true), LockedUntil: now})
		wantAuthChanges(t, db, "locks that are of no user, or not shown", nil)
	})

	conform(t, "changes are read by their age, each once, and swept", func(t *testing.T, db database) {
		before := time.Now().Add(-time.Minute)
		for _, id := range []int64{1, 2, 1} {
			change(t, db, func(ctx context.Context, tx account.Tx) error { return tx.DeleteSession(ctx, id) })
		}
		for age, wanted := range map[time.Duration]int{-time.Hour: 0, time.Hour: 2} {
			news, err := db.AuthChanges(t.Context(), 0, age, 100)
			wantErr(t, "AuthChanges", err, nil)
			want(t, "of the last "+age.String(), len(news.Changes), wanted)
			if news.At.Before(before) || news.At.After(time.Now().Add(time.Minute)) {
				t.Errorf("the time of the database is %v", news.At)
			}
		}
		limited, err := db.AuthChanges(t.Context(), 0, time.Hour, 1)
		wantErr(t, "AuthChanges", err, nil)
		want(t, "at most one", len(limited.Changes), 1)

		swept := func(age time.Duration, limit int) int {
			return do(t, db, func(ctx context.Context, tx account.Tx) (int, error) { return tx.DeleteAuthChanges(ctx, age, limit) })
		}
		want(t, "of an hour ago", swept(time.Hour, 100), 0)
		want(t, "two of three", swept(0, 2), 2)
		want(t, "the rest", swept(0, 2), 1)
		wantAuthChanges(t, db, "then", nil)
	})

	conform(t, "changes are read once where their numbers allow it, and never missed", func(t *testing.T, db database) {
		var news account.AuthChangeBatch
		end := func(ids ...int64) {
			for _, id := range ids {
				change(t, db, func(ctx context.Context, tx account.Tx) error { return tx.DeleteSession(ctx, id) })
			}
		}
		hear := func(what string, ids ...int64) {
			t.Helper()
			before := news.Last
			var err error
			news, err = db.another().AuthChanges(t.Context(), before, time.Hour, 100)
			wantErr(t, what, err, nil)
			for _, id := range ids {
				if !slices.Contains(news.Changes, account.AuthChange{Kind: account.AuthSession, ID: id}) {
					t.Errorf("%s: of session %d nobody hears", what, id)
				}
			}
			if before > 0 {
				want(t, what, len(news.Changes), len(ids))
			}
		}
		hear("nothing")
		end(1, 2)
		hear("the first", 1, 2)
		end(3, 2)
		hear("the next", 2, 3)
		hear("nothing more")
		end(4)
		change(t, db, func(ctx context.Context, tx account.Tx) error { return counted(tx.DeleteAuthChanges(ctx, 0, 100)) })
		end(5) // not with a number that is given already
		hear("after all were swept", 5)
	})
}
