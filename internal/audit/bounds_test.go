package audit_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// insertLongEntries inserts n entries whose changes take size bytes. It inserts them through the
// store, so they are not truncated.
func insertLongEntries(f *servicetest.Fixture, n, size int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for range n {
			change := account.FieldChange{Field: "biography", To: strings.Repeat("x", size)}
			event := account.Event{Action: account.ActionUserUpdate, Changes: []account.FieldChange{change}}
			e := account.Activity{At: f.Clock.Now(), Event: event, Count: 1}
			if err := tx.InsertActivity(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// The log keeps only the first 256 characters of a longer value.
func TestLongValuesAreTruncated(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	short, long := strings.Repeat("ä", 256), strings.Repeat("ö", 257)
	for _, text := range []string{short, long} {
		if _, err := f.UpdateUser(t.Context(), admin, 1, account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Biography: new(new(text))},
		}); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := f.Activity(t.Context(), admin, account.ActivityFilter{Action: "user.update"}, "", 1)
	if err != nil || len(page) != 1 || len(page[0].Changes) != 1 {
		t.Fatalf("the page is %+v, %v", page, err)
	}
	if c := page[0].Changes[0]; c.From != short || c.To != strings.Repeat("ö", 256)+"…" {
		t.Errorf("the change is %+v", c)
	}
	if u := f.StoredUser(1); *u.Biography != long {
		t.Errorf("the user's biography is %q", *u.Biography)
	}
}

// A page of long entries ends before limit entries. Its cursor continues with the entry that
// follows.
func TestPagesEndByBytes(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	insertLongEntries(f, 100, 28_000)
	page, next, err := f.Activity(t.Context(), admin, account.ActivityFilter{}, "", account.MaxActivityPage)
	if err != nil || len(page) != 38 || next == "" { // the first entries with more than 1 MiB in total
		t.Errorf("a page of %d entries, next %q, %v", len(page), next, err)
	}
	if ids := listedIDs(f, admin, account.ActivityFilter{}, account.MaxActivityPage); len(ids) != 102 || ids[101] != 1 {
		t.Errorf("%d entries are listed, want 102", len(ids))
	}
	insertLongEntries(f, 1, 2<<20)
	if ids := listedIDs(f, admin, account.ActivityFilter{}, account.MaxActivityPage); len(ids) != 103 {
		t.Errorf("%d entries are listed with a very long one, want 103", len(ids))
	}
}

// One transaction seals about 4 MiB of changes, so 10 MB need three transactions.
func TestSealingLongEntries(t *testing.T) {
	f := servicetest.New(t)
	insertLongEntries(f, 100, 100_000)
	if calls := f.Store.CallsDuring(f.Seal); calls["Write"] != 3 {
		t.Errorf("the store calls are %v", calls)
	}
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Verified != 101 {
		t.Errorf("the report is %+v", r)
	}
}

// When sealing an entry takes long, each transaction seals only a few entries. All entries are
// sealed in the end.
func TestSealingRoundTrips(t *testing.T) {
	f := servicetest.New(t)
	insertEntries(f, 9) // and SetUp inserted one
	var readings atomic.Int64
	slow := f.With(func(o *service.Options) {
		o.Monotonic = func() time.Time {
			return servicetest.Start.Add(time.Duration(readings.Add(1)) * 2 * time.Second)
		}
	})
	calls := f.Store.CallsDuring(func() {
		if err := slow.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if calls["Write"] != 10 {
		t.Errorf("the store calls are %v", calls)
	}
	if r := f.Verify(nil); r.Verified != 10 {
		t.Errorf("the report is %+v", r)
	}
}
