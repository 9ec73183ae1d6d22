package sqlstore_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// namedKey returns an API key that never expires and has all permissions of its user.
func namedKey(userID int64, name string) account.APIKey {
	return account.APIKey{
		UserID: userID, Kind: account.APIKeyNamed, Name: name, Hash: hashOf(name), Hint: "wxyz",
		Created: now,
	}
}

func contractKey(userID int64, name string) account.APIKey {
	k := namedKey(userID, name)
	k.Kind, k.Name, k.Sealed = account.APIKeyContract, "", keyring.Sealed{KeyID: "k1", Box: []byte("sealed " + name)}
	return k
}

// insertKey stores an API key and returns it with its id.
func insertKey(t testing.TB, s account.Transactor, k account.APIKey) account.APIKey {
	t.Helper()
	k.ID = do(t, s, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertAPIKey(ctx, k) })
	return k
}

func wantKeys(t *testing.T, what string, got []account.APIKey, want ...account.APIKey) {
	t.Helper()
	for i := range got {
		if len(got[i].Sealed.Box) == 0 { // one driver returns nil for empty bytes
			got[i].Sealed.Box = nil
		}
	}
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func TestAPIKey(t *testing.T) {
	conform(t, "an inserted key is read back", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		keys := []account.APIKey{
			namedKey(u.ID, "all"),
			namedKey(u.ID, "nothing"),
			namedKey(u.ID, "some"),
			contractKey(u.ID, "contract"),
		}
		keys[1].Permissions = []access.Permission{}
		keys[2].Permissions = []access.Permission{
			{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeIDs, IDs: []int64{3, 1 << 60}},
			{Entity: access.EntityUser, Action: access.ActionEdit, Scope: access.ScopeSelf},
		}
		keys[2].Expires, keys[2].LastUsed = now.Add(time.Hour), now.Add(time.Minute)
		for i := range keys {
			keys[i] = insertKey(t, db, keys[i])
			wantKeys(t, "by id", []account.APIKey{get[account.APIKey](t)(db.APIKey(t.Context(), keys[i].ID))}, keys[i])
			wantKeys(t, "by hash", []account.APIKey{get[account.APIKey](t)(db.APIKeyByHash(t.Context(), keys[i].Hash))}, keys[i])
		}
		wantKeys(t, "of the user", get[[]account.APIKey](t)(db.APIKeysOf(t.Context(), u.ID)), keys...)
		wantKeys(t, "the contract's", []account.APIKey{get[account.APIKey](t)(db.ContractKey(t.Context(), u.ID))}, keys[3])
	})

	conform(t, "a missing key is not found", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		insertKey(t, db, namedKey(u.ID, "one"))
		_, err := db.APIKey(t.Context(), 99)
		wantErr(t, "APIKey", err, account.ErrNotFound)
		_, err = db.APIKeyByHash(t.Context(), hashOf("two"))
		wantErr(t, "APIKeyByHash", err, account.ErrNotFound)
		_, err = db.ContractKey(t.Context(), u.ID)
		wantErr(t, "ContractKey", err, account.ErrNotFound)
		wantErr(t, "SealAPIKey", db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return tx.SealAPIKey(ctx, 99, keyring.Sealed{})
		}), account.ErrNotFound)
		_, err = try(t, db, func(ctx context.Context, tx *account.Tx) (int, error) { return tx.AddAPIKeyFailure(ctx, 99) })
		wantErr(t, "AddAPIKeyFailure", err, account.ErrNotFound)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteAPIKey(ctx, 99) })
	})

	conform(t, "the schema refuses bad keys", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		insertKey(t, db, contractKey(u.ID, "one"))
		sealed := namedKey(u.ID, "sealed")
		sealed.Sealed = keyring.Sealed{KeyID: "k1", Box: []byte("text")}
		for name, k := range map[string]account.APIKey{
			"the same hash": namedKey(u.ID, "one"), "a second contract key": contractKey(u.ID, "two"),
			"sealed": sealed, "of a missing user": namedKey(99, "three"),
		} {
			_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertAPIKey(ctx, k) })
			want(t, name, account.ErrorCode(err), account.CodeInternal)
		}
	})

	conform(t, "a key is sealed after it has its id", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		k := contractKey(u.ID, "one")
		k.Sealed = keyring.Sealed{}
		k = insertKey(t, db, k)
		k.Sealed = keyring.Sealed{KeyID: "k2", Box: []byte("sealed")}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SealAPIKey(ctx, k.ID, k.Sealed) })
		wantKeys(t, "sealed", []account.APIKey{get[account.APIKey](t)(db.APIKey(t.Context(), k.ID))}, k)
	})

	conform(t, "the last use only moves forward", func(t *testing.T, db database) {
		k := insertKey(t, db, namedKey(insertUser(t, db, localUser("a@example.org")).ID, "one"))
		for _, move := range []time.Duration{time.Hour, time.Minute, time.Hour + time.Microsecond, -time.Hour} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.TouchAPIKey(ctx, k.ID, now.Add(move)) })
			if used := now.Add(move); used.After(k.LastUsed) {
				k.LastUsed = used
			}
			want(t, "after "+move.String(), get[account.APIKey](t)(db.APIKey(t.Context(), k.ID)).LastUsed, k.LastUsed)
		}
	})

	conform(t, "failures add up until they are cleared", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		one, two := insertKey(t, db, namedKey(u.ID, "one")), insertKey(t, db, namedKey(u.ID, "two"))
		fail := func(id int64) int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) { return tx.AddAPIKeyFailure(ctx, id) })
		}
		want(t, "first", fail(one.ID), 1)
		want(t, "second", fail(one.ID), 2)
		want(t, "of another", fail(two.ID), 1)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.ClearAPIKeyFailures(ctx, one.ID) })
		want(t, "cleared", fail(one.ID), 1)
		want(t, "of another, afterwards", fail(two.ID), 2)
	})

	conform(t, "named keys that have not expired count", func(t *testing.T, db database) {
		users := insertUsers(t, db, 2)
		expired, lives := namedKey(users[0].ID, "expired"), namedKey(users[0].ID, "lives")
		expired.Expires, lives.Expires = now, now.Add(time.Microsecond)
		for _, k := range []account.APIKey{
			expired, lives, namedKey(users[0].ID, "for ever"), contractKey(users[0].ID, "contract"),
			namedKey(users[1].ID, "another's"),
		} {
			insertKey(t, db, k)
		}
		want(t, "keys", do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
			return tx.CountNamedKeys(ctx, users[0].ID, now)
		}), 2)
	})

	conform(t, "keys are deleted, with their users too", func(t *testing.T, db database) {
		users := insertUsers(t, db, 3)
		a, b := insertKey(t, db, namedKey(users[0].ID, "a")), insertKey(t, db, namedKey(users[0].ID, "b"))
		c, d := insertKey(t, db, contractKey(users[1].ID, "c")), insertKey(t, db, contractKey(users[2].ID, "d"))
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteAPIKey(ctx, a.ID) })
		wantKeys(t, "one", get[[]account.APIKey](t)(db.APIKeysOf(t.Context(), users[0].ID)), b)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteAPIKeysOf(ctx, users[0].ID) })
		wantKeys(t, "all of a user", get[[]account.APIKey](t)(db.APIKeysOf(t.Context(), users[0].ID)))
		wantKeys(t, "another's", get[[]account.APIKey](t)(db.APIKeysOf(t.Context(), users[1].ID)), c)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteUser(ctx, users[2].ID) })
		_, err := db.APIKey(t.Context(), d.ID)
		wantErr(t, "of a deleted user", err, account.ErrNotFound)
		if id := insertKey(t, db, namedKey(users[0].ID, "e")).ID; id <= d.ID {
			t.Errorf("the id %d of a deleted key was reused as %d", d.ID, id)
		}
	})

	conform(t, "expired keys are removed", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		gone, stays := namedKey(u.ID, "gone"), namedKey(u.ID, "stays")
		gone.Expires, stays.Expires = now, now.Add(time.Microsecond)
		insertKey(t, db, gone)
		stays, unlimited := insertKey(t, db, stays), insertKey(t, db, namedKey(u.ID, "for ever"))
		remove := func() int {
			return do(t, db, func(ctx context.Context, tx *account.Tx) (int, error) {
				return tx.DeleteExpiredAPIKeys(ctx, now, 10)
			})
		}
		want(t, "first", remove(), 1)
		want(t, "again", remove(), 0)
		wantKeys(t, "left", get[[]account.APIKey](t)(db.APIKeysOf(t.Context(), u.ID)), stays, unlimited)
	})
}
