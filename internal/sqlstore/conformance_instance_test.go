package sqlstore_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// serverKey returns a server key whose state began at the time now.
func serverKey(id string, state keyring.State) keyring.StoredKey {
	return keyring.StoredKey{Check: keyring.Check{ID: id, Value: []byte(id)}, State: state, Since: now}
}

func saveServerKeys(t *testing.T, db database, keys ...keyring.StoredKey) {
	t.Helper()
	change(t, db, func(ctx context.Context, tx *account.Tx) error {
		for _, k := range keys {
			if err := tx.SaveServerKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestServerKeys(t *testing.T) {
	conform(t, "keys are stored with their states", func(t *testing.T, db database) {
		want(t, "at first", len(get[[]keyring.StoredKey](t)(db.ServerKeys(t.Context()))), 0)
		old, next := serverKey("ff", keyring.Current), serverKey("0a", keyring.Announced)
		next.Since = now.Add(time.Second)
		saveServerKeys(t, db, next, old)
		if got := get[[]keyring.StoredKey](t)(db.another().ServerKeys(t.Context())); !reflect.DeepEqual(
			got, []keyring.StoredKey{old, next}) {
			t.Errorf("got %v", got)
		}
		old.State, next.State, old.Since = keyring.Retiring, keyring.Current, now.Add(time.Hour)
		changed := old
		changed.Value = []byte("another")
		saveServerKeys(t, db, changed, next)
		if got := get[[]keyring.StoredKey](t)(db.ServerKeys(t.Context())); !reflect.DeepEqual(
			got, []keyring.StoredKey{next, old}) {
			t.Errorf("got %v", got)
		}
	})

	conform(t, "only one key is current", func(t *testing.T, db database) {
		saveServerKeys(t, db, serverKey("a", keyring.Current))
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return tx.SaveServerKey(ctx, serverKey("b", keyring.Current))
		})
		if err == nil {
			t.Error("a second current key was stored")
		}
	})

	conform(t, "a transaction learns the current key", func(t *testing.T, db database) {
		sealing := func() (id string, err error) {
			err = db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) (err error) {
				id, err = tx.SealingKey(ctx)
				return err
			})
			return id, err
		}
		_, err := sealing()
		wantErr(t, "before the setup", err, account.ErrNotFound)
		saveServerKeys(t, db, serverKey("a", keyring.Retiring), serverKey("b", keyring.Current))
		id, err := sealing()
		wantErr(t, "SealingKey", err, nil)
		want(t, "the current key", id, "b")
	})

	conform(t, "answers belong to their announcement", func(t *testing.T, db database) {
		answer := func(at time.Time, h keyring.Holder) {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SaveKeyHolder(ctx, "a", at, h) })
		}
		answer(now, keyring.Holder{Server: "x"})
		answer(now, keyring.Holder{Server: "y", Holds: true})
		answer(now, keyring.Holder{Server: "x", Holds: true})
		answer(now.Add(time.Second), keyring.Holder{Server: "x"})
		holders := get[[]keyring.Holder](t)(db.KeyHolders(t.Context(), "a", now))
		if !reflect.DeepEqual(holders, []keyring.Holder{{Server: "x", Holds: true}, {Server: "y", Holds: true}}) {
			t.Errorf("got %v", holders)
		}
		want(t, "of another key", len(get[[]keyring.Holder](t)(db.KeyHolders(t.Context(), "b", now))), 0)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteKeyHolders(ctx) })
		want(t, "at the end", len(get[[]keyring.Holder](t)(db.KeyHolders(t.Context(), "a", now))), 0)
	})
}

// A new key becomes current while a transaction is about to seal. The change waits for a transaction that has asked
// for the current key, and a transaction that asks during the change gets the new key.
func TestSealingKeyDuringRotation(t *testing.T) {
	promote := func(ctx context.Context, tx *account.Tx) error {
		if _, err := tx.LockServerKeys(ctx); err != nil {
			return err
		}
		if err := tx.SaveServerKey(ctx, serverKey("a", keyring.Retiring)); err != nil {
			return err
		}
		return tx.SaveServerKey(ctx, serverKey("b", keyring.Current))
	}
	conform(t, "the change waits", func(t *testing.T, db database) {
		saveServerKeys(t, db, serverKey("a", keyring.Current), serverKey("b", keyring.Announced))
		promoted := make(chan error, 1)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			id, err := tx.SealingKey(ctx)
			if err != nil || id != "a" {
				t.Errorf("SealingKey = %q, %v", id, err)
			}
			go func() { promoted <- db.another().Write(context.WithoutCancel(t.Context()), promote) }()
			select {
			case err := <-promoted:
				t.Errorf("the key was changed during the transaction: %v", err)
				promoted <- err
			case <-time.After(100 * time.Millisecond):
			}
			return nil
		})
		wantErr(t, "promote", <-promoted, nil)
	})
	conform(t, "the transaction gets the new key", func(t *testing.T, db database) {
		saveServerKeys(t, db, serverKey("a", keyring.Current), serverKey("b", keyring.Announced))
		other := db.another()
		sealed := make(chan string, 1)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := promote(ctx, tx); err != nil {
				return err
			}
			if _, err := tx.ServerKeys(ctx); err != nil { // runs deferred statements, so the locks are certain
				return err
			}
			go func() {
				id := ""
				err := other.Write(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *account.Tx) (err error) {
					id, err = tx.SealingKey(ctx)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				sealed <- id
			}()
			select {
			case id := <-sealed:
				t.Errorf("the transaction did not wait, and got %q", id)
				sealed <- id
			case <-time.After(100 * time.Millisecond):
			}
			return nil
		})
		want(t, "the key", <-sealed, "b")
	})
}
