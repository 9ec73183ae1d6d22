package service_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// actLong writes so many entries with so many bytes of changes, past what cuts
// values.
func (f *fixture) actLong(n, size int) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error {
		for range n {
			e := account.Activity{At: f.clock.Now(), Event: account.Event{
				Action: account.ActionUserUpdate, Changes: []account.FieldChange{{Field: "biography", To: strings.Repeat("x", size)}},
			}, Count: 1}
			if err := tx.InsertActivity(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestLongValuesAreCut: an entry has the first 256 characters of a text.
func TestLongValuesAreCut(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	short, long := strings.Repeat("ä", 256), strings.Repeat("ö", 257)
	for _, text := range []string{short, long} {
		if _, err := f.UpdateUser(t.Context(), admin, 1, account.UserUpdate{Biography: ptr(ptr(text))}); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := f.Activity(t.Context(), admin, account.ActivityFilter{Action: "user.update"}, "", 1)
	if err != nil || len(page) != 1 || len(page[0].Changes) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if c := page[0].Changes[0]; c.From != short || c.To != strings.Repeat("ö", 256)+"…" {
		t.Errorf("it says %+v", c)
	}
	if u := f.find(1); *u.Biography != long {
		t.Errorf("the user has %q", *u.Biography)
	}
}

// TestPagesEndByBytes: a page of long entries is shorter, and the cursor goes on.
func TestPagesEndByBytes(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	f.actLong(100, 28_000)
	page, next, err := f.Activity(t.Context(), admin, account.ActivityFilter{}, "", account.MaxActivityPage)
	if err != nil || len(page) != 38 || next == "" { // the first that together have 1 MiB
		t.Errorf("a page of %d entries, next %q, %v", len(page), next, err)
	}
	if ids := f.listed(admin, account.ActivityFilter{}, account.MaxActivityPage); len(ids) != 102 || ids[101] != 1 {
		t.Errorf("%d are listed", len(ids))
	}
	f.actLong(1, 2<<20)
	if ids := f.listed(admin, account.ActivityFilter{}, account.MaxActivityPage); len(ids) != 103 {
		t.Errorf("%d are listed behind a very long one", len(ids))
	}
}

// TestSealingLongEntries: a transaction seals some 4 MiB and no more.
func TestSealingLongEntries(t *testing.T) {
	f := newFixture(t)
	f.actLong(100, 100_000)
	if calls := f.store.during(f.seal); calls["Write"] != 3 {
		t.Errorf("it asked the store for %v", calls)
	}
	r := f.verify(nil)
	wantFound(t, r)
	if r.Verified != 101 {
		t.Errorf("%+v", r)
	}
}

// TestSealingFarFromTheDatabase: where each entry takes long, a transaction seals
// few, and all are sealed in the end.
func TestSealingFarFromTheDatabase(t *testing.T) {
	f := newFixture(t)
	f.act(9) // and one from the set-up
	var passed atomic.Int64
	far := f.with(func(o *service.Options) {
		o.Monotonic = func() time.Time { return start.Add(time.Duration(passed.Add(1)) * 2 * time.Second) }
	})
	calls := f.store.during(func() {
		if err := far.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if calls["Write"] != 10 {
		t.Errorf("it asked the store for %v", calls)
	}
	if r := f.verify(nil); r.Verified != 10 {
		t.Errorf("%+v", r)
	}
}
