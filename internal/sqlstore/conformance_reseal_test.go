package sqlstore_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
)

func TestResealing(t *testing.T) {
	sealed := func(id string) keyring.Sealed { return keyring.Sealed{KeyID: id, Box: []byte("text of " + id)} }

	conform(t, "API keys that another server key sealed", func(t *testing.T, db database) {
		var keys []account.APIKey
		for i, by := range []string{"k1", "k2", "k1", "k1"} {
			u := insertUser(t, db, localUser(fmt.Sprintf("user%d@example.org", i)))
			k := contractKey(u.ID, fmt.Sprint(i))
			k.Sealed = sealed(by)
			keys = append(keys, insertKey(t, db, k))
		}
		insertKey(t, db, namedKey(keys[0].UserID, "named"))
		outdated := func(after int64, limit int) []account.APIKey {
			t.Helper()
			return get[[]account.APIKey](t)(db.OutdatedAPIKeys(t.Context(), "k2", after, limit))
		}
		wantKeys(t, "the first two", outdated(0, 2), keys[0], keys[2])
		wantKeys(t, "the others", outdated(keys[2].ID, 2), keys[3])
		reseal := func(was keyring.Sealed) error {
			return db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return tx.ResealAPIKey(ctx, keys[0].ID, was, sealed("k2"))
			})
		}
		wantErr(t, "a key that was sealed again meanwhile", reseal(sealed("k3")), account.ErrNotFound)
		wantErr(t, "a key whose text was replaced meanwhile", reseal(keyring.Sealed{KeyID: "k1", Box: []byte("other")}),
			account.ErrNotFound)
		wantErr(t, "ResealAPIKey", reseal(sealed("k1")), nil)
		wantKeys(t, "the first two", outdated(0, 2), keys[2], keys[3])
	})

	conform(t, "messages that another server key sealed", func(t *testing.T, db database) {
		u := insertUser(t, db, localUser("a@example.org"))
		insertMail(t, db, requestedMail())
		insertMail(t, db, finishedMail(u.ID, account.MailDelivered))
		m := insertMail(t, db, readyMail(u.ID)) // sealed with the key k
		want(t, "of the key k", len(get[[]account.Mail](t)(db.OutdatedMails(t.Context(), "k", 0, 10))), 0)
		found := get[[]account.Mail](t)(db.OutdatedMails(t.Context(), "k2", 0, 10))
		if len(found) != 1 {
			t.Fatalf("got %v", found)
		}
		wantMail(t, "outdated", found[0], m)
		want(t, "after it", len(get[[]account.Mail](t)(db.OutdatedMails(t.Context(), "k2", m.ID, 10))), 0)
		reseal := func(was keyring.Sealed) error {
			return db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
				return tx.ResealMail(ctx, m.ID, was, sealed("k2"))
			})
		}
		wantErr(t, "a message that was replaced meanwhile", reseal(sealed("k")), account.ErrNotFound)
		wantErr(t, "ResealMail", reseal(m.Sealed), nil)
		m.Sealed = sealed("k2")
		wantMail(t, "sealed again", get[account.Mail](t)(db.Mail(t.Context(), m.ID)), m)
	})

	conform(t, "a message that is locked is not sealed again before it is stored", func(t *testing.T, db database) {
		m := insertMail(t, db, readyMail(insertUser(t, db, localUser("a@example.org")).ID))
		other, resealed := db.another(), make(chan error, 1)
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			locked, err := tx.LockMail(ctx, m.ID)
			if err != nil {
				return err
			}
			go func() {
				resealed <- other.Write(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *account.Tx) error {
					return tx.ResealMail(ctx, m.ID, m.Sealed, sealed("k2"))
				})
			}()
			select {
			case err := <-resealed:
				t.Errorf("the message was sealed again: %v", err)
				resealed <- err
			case <-time.After(100 * time.Millisecond):
			}
			failed := locked
			failed.Attempts++
			return tx.UpdateMail(ctx, failed, locked)
		})
		wantErr(t, "ResealMail", <-resealed, nil)
		want(t, "the key", get[account.Mail](t)(db.Mail(t.Context(), m.ID)).Sealed.KeyID, "k2")
		_, err := try(t, db, func(ctx context.Context, tx *account.Tx) (account.Mail, error) { return tx.LockMail(ctx, 99) })
		wantErr(t, "a missing message", err, account.ErrNotFound)
	})

	conform(t, "counters of unknown addresses that another server key named", func(t *testing.T, db database) {
		keys := map[string]bool{}
		for subject, kept := range map[string]bool{
			lockout.UnknownSubject("k2", make([]byte, 16)): true, lockout.UnknownSubject("k1", make([]byte, 16)): false,
			lockout.UnknownSubject("k22", make([]byte, 16)): false, "x:0123456789|": false, "u:1|": true, "source|": true,
		} {
			key := subject + "new"
			keys[key] = kept
			saveThrottle(t, db, lockout.Counter{Key: key, Failures: 1, LastFailure: now, LockedUntil: now.Add(time.Hour)})
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, want := range []int{2, 1, 0} {
				n, err := tx.DeleteOutdatedThrottles(ctx, lockout.UnknownSubjects("k2"), 2)
				if n != want || err != nil {
					return fmt.Errorf("deleted %d, %w; want %d", n, err, want)
				}
			}
			return nil
		})
		wantThrottles(t, db, keys)
	})

	conform(t, "how far the chain is sealed again", func(t *testing.T, db database) {
		_, err := db.Resealing(t.Context())
		wantErr(t, "at first", err, account.ErrNotFound)
		for _, r := range []account.Resealing{
			{Seal: []byte{}, Former: []byte{}, Signature: keyring.Signature{KeyID: "k", MAC: []byte("m")}},
			{Number: 7, Seal: []byte("s"), Former: []byte("f"), Signature: keyring.Signature{KeyID: "k2", MAC: []byte("n")}},
		} {
			change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SaveResealing(ctx, r) })
			if got := get[account.Resealing](t)(db.another().Resealing(t.Context())); !reflect.DeepEqual(got, r) {
				t.Errorf("got %+v, want %+v", got, r)
			}
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteResealing(ctx) })
		_, err = db.Resealing(t.Context())
		wantErr(t, "at the end", err, account.ErrNotFound)
	})

	conform(t, "former checkpoints", func(t *testing.T, db database) {
		former := func(number int64, seal, now string) account.FormerCheckpoint {
			return account.FormerCheckpoint{
				Checkpoint: account.Checkpoint{
					Number: number, At: testTime(), Seal: []byte(now), Signature: keyring.Signature{KeyID: "k", MAC: []byte("m")},
				},
				Former: []byte(seal),
			}
		}
		all := []account.FormerCheckpoint{former(5, "a", "b"), former(5, "c", "b"), former(9, "a", "d")}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, c := range append([]account.FormerCheckpoint{former(5, "c", "z")}, all...) {
				if err := tx.SaveFormerCheckpoint(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		formers := func(after, upTo int64) []account.FormerCheckpoint {
			t.Helper()
			return get[[]account.FormerCheckpoint](t)(db.FormerCheckpoints(t.Context(), after, upTo))
		}
		if got := formers(0, 9); !reflect.DeepEqual(got, all) {
			t.Errorf("got %+v", got)
		}
		want(t, "after 5", len(formers(5, 9)), 1)
		want(t, "up to 8", len(formers(0, 8)), 2)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.DeleteSealedActivity(ctx, 5) })
		want(t, "after a deletion", len(formers(0, 9)), 1)
	})

	conform(t, "an entry gets another seal", func(t *testing.T, db database) {
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := tx.InsertActivity(ctx, account.Activity{At: now, Count: 1}); err != nil {
				return err
			}
			entries, err := tx.UnsealedActivity(ctx, 1)
			if err != nil {
				return err
			}
			e := entries[0]
			e.Number, e.KeyID, e.Seal = 1, "k1", []byte("a")
			if err := tx.SealActivity(ctx, e); err != nil {
				return err
			}
			e.KeyID, e.Seal = "k2", []byte("b")
			return tx.ResealActivity(ctx, e)
		})
		got := get[[]account.StoredActivity](t)(db.SealedActivity(t.Context(), 0, 0, 10))
		if len(got) != 1 || got[0].KeyID != "k2" || string(got[0].Seal) != "b" || got[0].Number != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

// testTime returns the time now with the precision that the store keeps.
func testTime() time.Time { return now.Truncate(time.Microsecond) }
