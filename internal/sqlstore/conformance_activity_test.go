package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// insertActivity stores a log entry for each actor and returns the ids of the entries.
func insertActivity(t testing.TB, db database, actors ...int64) (ids []int64) {
	t.Helper()
	change(t, db, func(ctx context.Context, tx *account.Tx) error {
		for _, actor := range actors {
			err := tx.InsertActivity(ctx, account.Activity{
				At: now, Actor: account.Actor{ID: actor, Name: "ada@example.org", ClientNetwork: "192.0.2.1",
					Credential: account.CredentialRef{Kind: account.CredentialSession, ID: 9}},
				Event: account.Event{
					Action:  account.ActionUserUpdate,
					Target:  account.Target{Kind: access.EntityUser, ID: 7, Name: "bob@example.org"},
					Changes: []account.FieldChange{{Field: "roles", From: []int64{1}, To: []int64{1, 9007199254740993}}},
				},
				Count: 2,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, e := range get[[]account.StoredActivity](t)(db.Activity(t.Context(),
		account.ActivityQuery{Limit: len(actors)})) {
		ids = append([]int64{e.ID}, ids...)
	}
	return ids
}

func TestActivity(t *testing.T) {
	conform(t, "an entry is read back", func(t *testing.T, db database) {
		id := insertActivity(t, db, 3)[0]
		got := get[[]account.StoredActivity](t)(db.UnsealedActivity(t.Context(), 10))
		if len(got) != 1 {
			t.Fatalf("got %d entries, want 1", len(got))
		}
		e := got[0]
		want(t, "id", e.ID, id)
		want(t, "time", e.At, now.Truncate(time.Microsecond))
		want(t, "credential", e.Actor.Credential, account.CredentialRef{Kind: account.CredentialSession, ID: 9})
		want(t, "actor", e.Actor.Name, "ada@example.org")
		want(t, "target", e.Target, account.Target{Kind: access.EntityUser, ID: 7, Name: "bob@example.org"})
		want(t, "changes", e.ChangesText, `[{"field":"roles","from":[1],"to":[1,9007199254740993]}]`)
		want(t, "count", e.Count, 2)
	})

	conform(t, "by actors", func(t *testing.T, db database) {
		ids := insertActivity(t, db, 1, 2, 3, 2, 0)
		for _, test := range []struct {
			actors []int64
			want   int
		}{{nil, 5}, {[]int64{}, 0}, {[]int64{2}, 2}, {[]int64{3, 1, 99}, 2}} {
			got := get[[]account.StoredActivity](t)(
				db.Activity(t.Context(), account.ActivityQuery{Actors: test.actors, Limit: 10}),
			)
			want(t, "entries", len(got), test.want)
		}
		got := get[[]account.StoredActivity](t)(
			db.Activity(t.Context(),
				account.ActivityQuery{Actors: []int64{2}, Before: account.ActivityPosition{ID: ids[3]}, Limit: 10}),
		)
		if len(got) != 1 || got[0].ID != ids[1] {
			t.Errorf("before %d: got %+v", ids[3], got)
		}
	})
}

func TestActivityChain(t *testing.T) {
	sealed := func(id, number int64) account.StoredActivity {
		return account.StoredActivity{
			Activity: account.Activity{ID: id},
			Number:   number,
			KeyID:    "k",
			Seal:     []byte{1, byte(number)},
		}
	}
	conform(t, "seals", func(t *testing.T, db database) {
		ids := insertActivity(t, db, 1, 2, 3)
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SealActivity(ctx, sealed(ids[1], 1)) })
		change(t, db, func(ctx context.Context, tx *account.Tx) error { return tx.SealActivity(ctx, sealed(ids[0], 2)) })
		err := db.Write(t.Context(), func(ctx context.Context, tx *account.Tx) error {
			return tx.SealActivity(ctx, sealed(ids[0], 3))
		})
		wantErr(t, "sealing twice", err, account.ErrNotFound)
		if err := db.Write(t.Context(), func(ctx context.Context,
			tx *account.Tx) error {
			return tx.SealActivity(ctx, sealed(ids[2], 2))
		}); err == nil {
			t.Error("a number was used twice")
		}
		want(t, "unsealed", get[int](t)(db.CountUnsealedActivity(t.Context())), 1)
		got := get[[]account.StoredActivity](t)(db.SealedActivity(t.Context(), 0, 0, 10))
		if len(got) != 2 || got[0].ID != ids[1] || got[1].ID != ids[0] || got[1].KeyID != "k" ||
			string(got[1].Seal) != "\x01\x02" {
			t.Errorf("sealed entries: got %+v", got)
		}
		got = get[[]account.StoredActivity](t)(db.SealedActivity(t.Context(), got[0].Number, got[0].ID, 10))
		want(t, "after the first", len(got), 1)

		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if err := tx.SaveCheckpoint(ctx, account.Checkpoint{Number: 1, At: now, Seal: []byte("s"),
				Signature: keyring.Signature{MAC: []byte("m")}}); err != nil {
				return err
			}
			return tx.DeleteSealedActivity(ctx, 1)
		})
		want(t, "kept", len(get[[]account.StoredActivity](t)(db.SealedActivity(t.Context(), 0, 0, 10))), 1)
		_, err = db.CheckpointBefore(t.Context(), 10)
		wantErr(t, "a checkpoint of deleted entries", err, account.ErrNotFound)
	})

	conform(t, "ends of the chain", func(t *testing.T, db database) {
		for _, end := range []account.ChainEnd{account.ChainAnchor, account.ChainHead} {
			c := get[account.Checkpoint](t)(db.ChainEnd(t.Context(), end))
			if c.Number != 0 || !c.At.IsZero() || len(c.Seal) != 0 {
				t.Errorf("the first %s is %+v", end, c)
			}
		}
		head := account.Checkpoint{
			Number:    7,
			At:        now.Truncate(time.Microsecond),
			Seal:      []byte("s"),
			Signature: keyring.Signature{KeyID: "k", MAC: []byte("m")},
		}
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			if _, err := tx.LockChain(ctx); err != nil {
				return err
			}
			return tx.SaveChainEnd(ctx, account.ChainHead, head)
		})
		want(t, "head", get[account.Checkpoint](t)(db.ChainEnd(t.Context(), account.ChainHead)).String(), head.String())
		want(t, "anchor", get[account.Checkpoint](t)(db.ChainEnd(t.Context(), account.ChainAnchor)).Number, 0)
	})

	conform(t, "checkpoints", func(t *testing.T, db database) {
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, n := range []int64{5, 9, 5, 12} {
				c := account.Checkpoint{
					Number:    n,
					At:        now,
					Seal:      []byte{byte(n)},
					Signature: keyring.Signature{KeyID: "k", MAC: []byte("m")},
				}
				if err := tx.SaveCheckpoint(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
		got := get[[]account.Checkpoint](t)(db.Checkpoints(t.Context(), 5, 12, 10))
		if len(got) != 2 || got[0].Number != 9 || got[1].Number != 12 {
			t.Errorf("got %v", got)
		}
		want(t, "before 11", get[account.Checkpoint](t)(db.CheckpointBefore(t.Context(), 11)).Number, 9)
		_, err := db.CheckpointBefore(t.Context(), 4)
		wantErr(t, "before the first", err, account.ErrNotFound)
	})
}

func TestFailedSignIns(t *testing.T) {
	conform(t, "counts", func(t *testing.T, db database) {
		minute := now.Truncate(time.Minute)
		f := account.FailedSignIns{Minute: minute, ClientNetwork: "192.0.2.1", UserID: 7, Count: 1}
		other := f
		other.UserID = 0
		change(t, db, func(ctx context.Context, tx *account.Tx) error {
			for _, f := range []account.FailedSignIns{f, other, f} {
				if err := tx.CountFailedSignIn(ctx, f); err != nil {
					return err
				}
			}
			return nil
		})
		want(t, "before their minute", len(get[[]account.FailedSignIns](t)(db.FailedSignIns(t.Context(), minute, 10))), 0)
		got := get[[]account.FailedSignIns](t)(db.FailedSignIns(t.Context(), minute.Add(time.Second), 10))
		f.Count = 2
		want(t, "rows", len(got), 2)
		want(t, "no account", got[0], other)
		want(t, "an account", got[1], f)
		take := func(limit int) []account.FailedSignIns {
			return do(t, db, func(ctx context.Context, tx *account.Tx) ([]account.FailedSignIns, error) {
				return tx.TakeFailedSignIns(ctx, minute.Add(time.Second), limit)
			})
		}
		if taken := take(1); len(taken) != 1 || taken[0] != other {
			t.Errorf("taken: %v", taken)
		}
		if taken := take(10); len(taken) != 1 || taken[0] != f {
			t.Errorf("taken next: %v", taken)
		}
		want(t, "left", len(get[[]account.FailedSignIns](t)(db.FailedSignIns(t.Context(), now, 10))), 0)
	})
}
