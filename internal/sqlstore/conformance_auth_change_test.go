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
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

// authFixture is the data that each test of authChanges begins with. User 1 has role 1, user 2 has role 2, and user 3
// has no role. Users 1 and 2 each have a session and an API key, both with the same id as the user. Role 3 has a
// permission for user 1 only. Role 4 has a permission for role 2 only.
type authFixture struct {
	context.Context
	*account.Tx
	users []account.User
	roles []access.Role
}

func newAuthFixture(t *testing.T, db database) (s authFixture) {
	for _, r := range []access.Role{
		{ID: 1, Name: "one"}, {ID: 2, Name: "two"},
		{Name: "of user 1", Permissions: []access.Permission{permission("user", "read", 1)}},
		{Name: "of role 2", Permissions: []access.Permission{permission("role", "read", 2)}},
	} {
		s.roles = append(s.roles, insertRole(t, db, r))
	}
	s.users = insertUsers(t, db, 3)
	for i, name := range []string{"one", "two"} {
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			return tx.SetUserRoles(ctx, s.users[i].ID, []int64{s.roles[i].ID})
		})
		insertSession(t, db, s.users[i].ID, name)
		insertKey(t, db,
			account.APIKey{UserID: s.users[i].ID, Kind: account.APIKeyNamed, Name: name, Hash: hashOf("key " + name)})
	}
	change(t, db, func(ctx context.Context, tx *account.Tx) error {
		return counted(tx.DeleteAuthChanges(ctx, 0, 100))
	})
	return s
}

// lockUntil locks user 1 until the given time.
func (s authFixture) lockUntil(until time.Time) error {
	v, err := s.LockThrottle(s, lockout.SignInKey(lockout.UserSubject(1), "192.0.2.1", false))
	if err != nil {
		return err
	}
	v.LockedUntil = until
	return s.SaveThrottle(s, v)
}

// authChanges lists calls of writer methods that can change or remove the principal of a credential. want holds the
// changes that the call must record, so that every server drops its cached copies.
var authChanges = []struct {
	method string
	call   func(authFixture) error
	want   []account.AuthChange
}{
	{
		"UpdateUser",
		func(s authFixture) error { return s.UpdateUser(s, account.User{}, s.users[0], "a@b.example", now) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{
		"SetPassword",
		func(s authFixture) error { return s.SetPassword(s, 1, "hash", true, now) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{
		"SetUserRoles",
		func(s authFixture) error { return s.SetUserRoles(s, 1, nil) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{
		"SetUserRoles",
		func(s authFixture) error { return s.SetUserRoles(s, 3, []int64{1}) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 3}},
	},
	{
		"DeleteUser",
		func(s authFixture) error { return s.DeleteUser(s, 2) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 2}},
	},
	{
		"DeleteUser",
		func(s authFixture) error { return s.DeleteUser(s, 1) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}, {Kind: account.AuthRole, ID: 3}},
	},
	{
		"UpdateRole",
		func(s authFixture) error { return s.UpdateRole(s, access.Role{ID: 1, Name: "new"}) },
		[]account.AuthChange{{Kind: account.AuthRole, ID: 1}},
	},
	{
		"SetRolePermissions",
		func(s authFixture) error { return s.SetRolePermissions(s, 1, nil) },
		[]account.AuthChange{{Kind: account.AuthRole, ID: 1}},
	},
	{
		"ReplaceRole",
		func(s authFixture) error { return counted(s.ReplaceRole(s, 1, 2)) },
		[]account.AuthChange{{Kind: account.AuthRole, ID: 1}},
	},
	{"DeleteRole", func(s authFixture) error {
		return errors.Join(s.SetUserRoles(s, 2, nil), s.DeleteRole(s, 2))
	}, []account.AuthChange{{Kind: account.AuthUser, ID: 2}, {Kind: account.AuthRole, ID: 2},
		{Kind: account.AuthRole, ID: 4}}},
	{
		"SetSessionHash",
		func(s authFixture) error { return s.SetSessionHash(s, 1, hashOf("one"), hashOf("another")) },
		[]account.AuthChange{{Kind: account.AuthSession, ID: 1}},
	},
	{
		"DeleteSession",
		func(s authFixture) error { return s.DeleteSession(s, 1) },
		[]account.AuthChange{{Kind: account.AuthSession, ID: 1}},
	},
	{
		"DeleteSessionsOf",
		func(s authFixture) error { return s.DeleteSessionsOf(s, 1, 0) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{
		"LimitSessions",
		func(s authFixture) error {
			_, err := s.LimitSessions(s, 1, 1, 9) // the user has one session
			_, also := s.LimitSessions(s, 2, 0, 9)
			return errors.Join(err, also)
		},
		[]account.AuthChange{{Kind: account.AuthSession, ID: 2}},
	},
	{
		"DeleteAPIKey",
		func(s authFixture) error { return s.DeleteAPIKey(s, 1) },
		[]account.AuthChange{{Kind: account.AuthKey, ID: 1}},
	},
	{
		"DeleteAPIKeysOf",
		func(s authFixture) error { return s.DeleteAPIKeysOf(s, 1) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{
		"SaveSetting",
		func(s authFixture) error { return s.SaveSetting(s, "server", "{}") },
		[]account.AuthChange{{Kind: account.AuthSettings}},
	},
	{
		"SaveThrottle",
		func(s authFixture) error { return s.lockUntil(now) },
		[]account.AuthChange{{Kind: account.AuthUser, ID: 1}},
	},
	{"InsertAuthChange", func(s authFixture) error {
		return s.InsertAuthChange(s, account.AuthChange{Kind: account.AuthKey, ID: 9})
	}, []account.AuthChange{{Kind: account.AuthKey, ID: 9}}},
	{"DeleteSession", func(s authFixture) error {
		return errors.Join(s.DeleteSession(s, 1), s.DeleteSession(s, 2), s.DeleteSession(s, 1))
	}, []account.AuthChange{{Kind: account.AuthSession, ID: 1}, {Kind: account.AuthSession, ID: 2}}},
}

// noAuthChanges are all other methods of the writers in account.Tx. They change nothing that a server may have cached
// about a principal. For example, the store records no change when a credential expires, since servers check the expiry
// at each use. It records none when a lockout ends, since servers never cache locked users.
var noAuthChanges = []string{
	"AddAPIKeyFailure", "AddSessionFailure", "ClearAPIKeyFailures", "CountAdministrators", "CountFailedSignIn",
	"CountMails", "CountNamedKeys", "CountThrottles", "DeleteAuthChanges", "DeleteEndedImports",
	"DeleteExcessRequests", "DeleteExpiredAPIKeys", "DeleteExpiredRecoveries", "DeleteExpiredSessions",
	"DeleteFinishedMails", "DeleteIdleThrottles", "DeleteImportRows", "DeleteKeyHolders", "DeleteKnownNetworks",
	"DeleteMail", "DeleteOldestThrottles", "DeleteOutdatedThrottles", "DeleteRecoveriesOf", "DeleteResealing",
	"DeleteSealedActivity", "DeleteSettingSecret", "DeleteThrottlesOf", "IdleImport", "ImportRows", "InsertAPIKey",
	"InsertActivity", "InsertImport", "InsertImportRows", "InsertMail", "InsertRecovery",
	"InsertRole", "InsertSession", "InsertUser", "InsertUsers", "InsertedAuthChanges", "IsKnownNetwork",
	"LimitRecoveries", "LockAdministrators", "LockChain", "LockDueMail", "LockImport", "LockMail", "LockRoles",
	"LockServerKeys", "LockSettings", "LockThrottle", "LockUsers", "RecoveryByHash", "ReleaseImported",
	"ResealAPIKey", "ResealActivity", "ResealMail", "SaveChainEnd", "SaveCheckpoint", "SaveFormerCheckpoint",
	"SaveKeyHolder", "SaveKnownNetwork", "SavePreferences", "SaveResealing", "SaveServerKey", "SaveSettingSecret",
	"SealAPIKey", "SealActivity", "SealingKey", "ShareLockRoles", "ShareLockUser", "TakeFailedSignIns", "Throttle",
	"TouchAPIKey", "TouchSession", "UpdateImport", "UpdateMail",
}

// Each method of a writer in account.Tx must be in authChanges or noAuthChanges. So the author of a new method has to
// decide whether it invalidates caches.
func TestWriterMethodsAreClassified(t *testing.T) {
	listed := slices.Clone(noAuthChanges)
	for _, c := range authChanges {
		listed = append(listed, c.method)
	}
	for _, port := range reflect.VisibleFields(reflect.TypeFor[account.Tx]()) {
		if _, reads := reflect.TypeFor[account.Store]().FieldByName(port.Name); reads {
			continue
		}
		for method := range port.Type.Methods() {
			if !slices.Contains(listed, method.Name) {
				t.Errorf("%s is neither in authChanges nor in noAuthChanges", method.Name)
			}
		}
	}
}

// wantAuthChanges fails the test unless the store returns exactly the wanted changes for the last hour.
func wantAuthChanges(t *testing.T, s account.AuthChangeReader, what string, wanted []account.AuthChange) {
	t.Helper()
	batch, err := s.AuthChanges(t.Context(), 0, time.Hour, 100)
	wantErr(t, what, err, nil)
	if !slices.Equal(sortedChanges(batch.Changes), sortedChanges(wanted)) {
		t.Errorf("%s: got %v, want %v", what, batch.Changes, wanted)
	}
}

func sortedChanges(changes []account.AuthChange) []account.AuthChange {
	return slices.SortedFunc(slices.Values(changes), func(a, b account.AuthChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
}

func TestAuthChange(t *testing.T) {
	for _, c := range authChanges {
		conform(t, c.method+" is announced", func(t *testing.T, db database) {
			s := newAuthFixture(t, db)
			var inserted []account.AuthChange
			change(t, db, func(ctx context.Context, tx *account.Tx) error {
				s.Context, s.Tx = ctx, tx
				err := c.call(s)
				inserted = tx.InsertedAuthChanges()
				return err
			})
			wantAuthChanges(t, db.another(), "read by another node", c.want)
			if !slices.Equal(sortedChanges(inserted), sortedChanges(c.want)) {
				t.Errorf("inserted by the transaction: got %v, want %v", inserted, c.want)
			}
		})
	}

	conform(t, "a change that is rolled back is not announced", func(t *testing.T, db database) {
		rolledBack := errors.New("rolled back")
		_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
			return 0, errors.Join(tx.DeleteSession(ctx, 1), rolledBack)
		})
		wantErr(t, "Write", err, rolledBack)
		wantAuthChanges(t, db, "afterwards", nil)
	})

	conform(t, "a lock is announced once", func(t *testing.T, db database) {
		s := newAuthFixture(t, db)
		lock := func(until time.Time) {
			change(t, db, func(ctx context.Context, tx *account.Tx) error {
				s.Context, s.Tx = ctx, tx
				return s.lockUntil(until)
			})
		}
		sweep := func() {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return counted(tx.DeleteAuthChanges(ctx, 0, 100)) })
		}
		lock(now)
		sweep()
		lock(now)
		wantAuthChanges(t, db, "the same lock", nil)
		lock(now.Add(time.Hour))
		wantAuthChanges(t, db, "the next lock", []account.AuthChange{{Kind: account.AuthUser, ID: 1}})
		sweep()
		saveThrottle(t, db, lockout.Counter{Key: lockout.NetworkKey("192.0.2.1"), LockedUntil: now})
		saveThrottle(t, db,
			lockout.Counter{Key: lockout.SignInKey(lockout.UserSubject(1), "192.0.2.1", true), LockedUntil: now})
		wantAuthChanges(t, db, "locks of no user, or of a known network", nil)
	})

	conform(t, "changes are read by age, once each, and deleted", func(t *testing.T, db database) {
		before := time.Now().Add(-time.Minute)
		for _, id := range []int64{1, 2, 1} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, id) })
		}
		for age, wanted := range map[time.Duration]int{-time.Hour: 0, time.Hour: 2} {
			batch, err := db.AuthChanges(t.Context(), 0, age, 100)
			wantErr(t, "AuthChanges", err, nil)
			want(t, "of the last "+age.String(), len(batch.Changes), wanted)
			if batch.At.Before(before) || batch.At.After(time.Now().Add(time.Minute)) {
				t.Errorf("the time of the database is %v", batch.At)
			}
		}
		limited, err := db.AuthChanges(t.Context(), 0, time.Hour, 1)
		wantErr(t, "AuthChanges", err, nil)
		want(t, "at most one", len(limited.Changes), 1)

		remove := func(age time.Duration, limit int) int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				return tx.DeleteAuthChanges(ctx, age, limit)
			})
		}
		want(t, "older than an hour", remove(time.Hour, 100), 0)
		want(t, "two of three", remove(0, 2), 2)
		want(t, "the rest", remove(0, 2), 1)
		wantAuthChanges(t, db, "afterwards", nil)
	})

	conform(t, "changes are read once if ids are in commit order, and never missed", func(t *testing.T, db database) {
		var batch account.AuthChangeBatch
		endSessions := func(ids ...int64) {
			for _, id := range ids {
				change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSession(ctx, id) })
			}
		}
		poll := func(what string, ids ...int64) {
			t.Helper()
			before := batch.Last
			var err error
			batch, err = db.another().AuthChanges(t.Context(), before, time.Hour, 100)
			wantErr(t, what, err, nil)
			for _, id := range ids {
				if !slices.Contains(batch.Changes, account.AuthChange{Kind: account.AuthSession, ID: id}) {
					t.Errorf("%s: the change of session %d was missed", what, id)
				}
			}
			if before > 0 {
				want(t, what, len(batch.Changes), len(ids))
			}
		}
		poll("no changes")
		endSessions(1, 2)
		poll("the first changes", 1, 2)
		endSessions(3, 2)
		poll("the next changes", 2, 3)
		poll("no more changes")
		endSessions(4)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return counted(tx.DeleteAuthChanges(ctx, 0, 100)) })
		endSessions(5) // must not reuse the id of a deleted change
		poll("after all changes were deleted", 5)
	})
}
