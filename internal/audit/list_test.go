package audit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// exportedIDs returns the ids of the entries that a caller exports.
func exportedIDs(f *servicetest.Fixture, caller *account.Principal, filter account.ActivityFilter) (ids []int64) {
	f.T.Helper()
	err := f.ExportActivity(f.T.Context(), caller, filter, func(e account.StoredActivity) error {
		ids = append(ids, e.ID)
		return nil
	})
	if err != nil {
		f.T.Fatal(err)
	}
	return ids
}

// listedIDs returns the ids of the entries that a caller lists, page by page with limit entries
// each.
func listedIDs(
	f *servicetest.Fixture, caller *account.Principal, filter account.ActivityFilter, limit int,
) (ids []int64) {
	f.T.Helper()
	for cursor := ""; ; {
		page, next, err := f.Activity(f.T.Context(), caller, filter, cursor, limit)
		if err != nil || len(page) > limit {
			f.T.Fatalf("%d entries, %v", len(page), err)
		}
		for _, e := range page {
			ids = append(ids, e.ID)
		}
		if cursor = next; cursor == "" {
			return ids
		}
	}
}

// Callers see their own entries and those of the users whose ids their permission lists. Entries
// without a known actor are visible only with the permission for all.
func TestReadingActivityNeedsPermission(t *testing.T) {
	f := servicetest.New(t)
	ada := f.AddUser("ada@example.org")
	bob := f.AddUser("bob@example.org")
	auditor := f.AddUser("auditor@example.org", f.AddRole(servicetest.Permit("activity-log:read", ada)))
	f.AddUser("nobody@example.org", f.AddRole())
	callers := map[string]*account.Principal{}
	for _, email := range []string{
		servicetest.AdminEmail, "ada@example.org", "bob@example.org", "auditor@example.org", "nobody@example.org",
	} {
		callers[email] = f.As(email)
	}
	visibleActors := func(caller string, filter account.ActivityFilter) (actors []int64) {
		t.Helper()
		forward := exportedIDs(f, callers[caller], filter)
		backward := listedIDs(f, callers[caller], filter, 2)
		slices.Reverse(backward)
		if !slices.Equal(forward, backward) {
			t.Errorf("%s exports %v and lists %v", caller, forward, backward)
		}
		for _, e := range f.StoredActivity() {
			if slices.Contains(forward, e.ID) {
				actors = append(actors, e.Actor.ID)
			}
		}
		return actors
	}
	for _, test := range []struct {
		caller string
		filter account.ActivityFilter
		want   []int64
	}{
		{servicetest.AdminEmail, account.ActivityFilter{}, []int64{0, 1, ada, bob, auditor, auditor + 1}},
		{servicetest.AdminEmail, account.ActivityFilter{ActorID: bob}, []int64{bob}},
		{"ada@example.org", account.ActivityFilter{}, []int64{ada}},
		{"ada@example.org", account.ActivityFilter{ActorID: ada}, []int64{ada}},
		{"ada@example.org", account.ActivityFilter{ActorID: bob}, nil},
		{"auditor@example.org", account.ActivityFilter{}, []int64{ada}},
	} {
		if got := visibleActors(test.caller, test.filter); !slices.Equal(got, test.want) {
			t.Errorf("%s with %+v sees entries of the actors %v, want %v", test.caller, test.filter, got, test.want)
		}
	}
	_, _, err := f.Activity(t.Context(), callers["nobody@example.org"], account.ActivityFilter{}, "", 1)
	servicetest.WantCode(t, err, account.CodeForbidden)
	servicetest.WantCode(t, f.ExportActivity(t.Context(), callers["nobody@example.org"], account.ActivityFilter{}, nil),
		account.CodeForbidden)
}

func TestActivityFilters(t *testing.T) {
	f := servicetest.New(t)
	add := func(action account.Action, target account.Target) {
		f.Clock.Advance(time.Hour)
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			return tx.InsertActivity(ctx, account.Activity{
				At: f.Clock.Now(), Event: account.Event{Action: action, Target: target}, Count: 1,
			})
		})
	}
	add("user.create", account.Target{Kind: access.EntityUser, ID: 7}) // entry 2, at 10:00
	add("user.update", account.Target{Kind: access.EntityUser, ID: 8})
	add("user-list.read", account.Target{Kind: access.EntityUser, ID: 7})
	add("role.update", account.Target{Kind: access.EntityRole, ID: 7})
	admin := f.Admin() // entry 6
	for _, test := range []struct {
		name   string
		filter account.ActivityFilter
		want   []int64
	}{
		{"no filter", account.ActivityFilter{}, []int64{1, 2, 3, 4, 5, 6}},
		{"an action", account.ActivityFilter{Action: "user.create"}, []int64{1, 2}},
		{"an action's entity", account.ActivityFilter{Action: "user.*"}, []int64{1, 2, 3}},
		{"wildcard only", account.ActivityFilter{Action: "*"}, nil},
		{"an action's prefix", account.ActivityFilter{Action: "user"}, nil},
		{"a target kind", account.ActivityFilter{TargetKind: access.EntityRole}, []int64{5}},
		{"a target", account.ActivityFilter{TargetKind: access.EntityUser, TargetID: 7}, []int64{2, 4}},
		{"a target id", account.ActivityFilter{TargetID: 7}, []int64{2, 4, 5}},
		{"since", account.ActivityFilter{From: servicetest.Start.Add(3 * time.Hour)}, []int64{4, 5, 6}},
		{"until", account.ActivityFilter{To: servicetest.Start.Add(3 * time.Hour)}, []int64{1, 2, 3}},
		{"every filter", account.ActivityFilter{
			Action: "user.*", TargetKind: access.EntityUser, TargetID: 8, From: servicetest.Start,
			To: servicetest.Start.Add(5 * time.Hour),
		}, []int64{3}},
	} {
		if got := exportedIDs(f, admin, test.filter); !slices.Equal(got, test.want) {
			t.Errorf("%s: exported %v, want %v", test.name, got, test.want)
		}
		got := listedIDs(f, admin, test.filter, 1)
		slices.Reverse(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: listed %v, want %v", test.name, got, test.want)
		}
	}
	for _, cursor := range []string{"0", "-1", "!", "zzzzzzzzzzzzzzzzzzzzz"} {
		_, _, err := f.Activity(t.Context(), admin, account.ActivityFilter{}, cursor, 1)
		servicetest.WantPaths(t, err, account.CodeInvalid, "/query/cursor")
	}
	full := errors.New("the disk is full")
	err := f.ExportActivity(t.Context(), admin, account.ActivityFilter{},
		func(account.StoredActivity) error { return full })
	if err != full {
		t.Errorf("ExportActivity returned %v, want the callback's error", err)
	}
}

// A filter by time alone returns entries in the order of their times, even entries that were
// inserted late. Each page continues where the page before ended.
func TestActivityByTime(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		var entries []account.Activity
		for _, hour := range []time.Duration{1, 3, 2, 2} { // entries 3 to 6
			entries = append(entries, account.Activity{
				At: servicetest.Start.Add(hour * time.Hour), Event: account.Event{Action: "a.b"}, Count: 1,
			})
		}
		return tx.InsertActivity(ctx, entries...)
	})
	since := account.ActivityFilter{From: servicetest.Start.Add(time.Hour)}
	if got, want := listedIDs(f, admin, since, 1), []int64{4, 6, 5, 3}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	if got, want := exportedIDs(f, admin, since), []int64{3, 5, 6, 4}; !slices.Equal(got, want) {
		t.Errorf("exported %v, want %v", got, want)
	}
	_, byTime, err := f.Activity(t.Context(), admin, since, "", 1)
	servicetest.WantCode(t, err, "")
	_, unfiltered, err := f.Activity(t.Context(), admin, account.ActivityFilter{}, "", 1)
	servicetest.WantCode(t, err, "")
	_, _, err = f.Activity(t.Context(), admin, account.ActivityFilter{}, byTime, 1)
	servicetest.WantPaths(t, err, account.CodeInvalid, "/query/cursor")
	_, _, err = f.Activity(t.Context(), admin, since, unfiltered, 1)
	servicetest.WantPaths(t, err, account.CodeInvalid, "/query/cursor")
}

// An export is complete even if it has more entries than one batch.
func TestExportPages(t *testing.T) {
	f := servicetest.New(t)
	insertEntries(f, 1234)
	admin := f.Admin()
	ids := exportedIDs(f, admin, account.ActivityFilter{})
	if len(ids) != 1236 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != 1236 {
		t.Errorf("%d entries are exported, want 1236", len(ids))
	}
	if got := listedIDs(f, admin, account.ActivityFilter{}, 500); len(got) != 1236 {
		t.Errorf("%d entries are listed by pages, want 1236", len(got))
	}
}
