package service_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// entries returns the activity log as one line an entry, oldest first.
func (f *fixture) entries(action string) (lines []string) {
	f.t.Helper()
	q := account.ActivityQuery{ActivityFilter: account.ActivityFilter{Action: action}, OldestFirst: true, Limit: 1000}
	for _, e := range must(f.store.under.Activity(f.t.Context(), q)) {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %s x%d", e.At.Format(time.TimeOnly), e.Actor.ClientNetwork, e.Target.Kind, e.Target.ID, e.Target.Name, e.Count))
	}
	return lines
}

func TestFailedSignInsAreMerged(t *testing.T) {
	f := newFixture(t)
	ada := f.user("ada@example.org")
	gone := f.user("gone@example.org")
	for range 3 {
		_, _ = f.try("ada@example.org", wrong, source(1))
	}
	_, _ = f.try("ada@example.org", wrong, source(2))
	_, _ = f.try("gone@example.org", wrong, source(2))
	_, _ = f.try("My-Password-In-The-Wrong-Field", wrong, source(2))
	_, _ = f.try("nobody@example.org", wrong, source(2))
	f.seal()
	if got := f.entries("session.refuse"); len(got) != 0 {
		t.Fatalf("before the minute is over: %q", got)
	}
	if err := f.DeleteUser(t.Context(), f.as(adminEmail), gone); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(time.Minute)
	_, _ = f.try("ada@example.org", wrong, source(2)) // of the next minute
	f.seal()
	want := []string{
		fmt.Sprintf("09:00:00 %s user %d ada@example.org x3", source(1), ada),
		fmt.Sprintf("09:00:00 %s user 0  x2", source(2)),
		fmt.Sprintf("09:00:00 %s user %d ada@example.org x1", source(2), ada),
		fmt.Sprintf("09:00:00 %s user %d  x1", source(2), gone),
	}
	if got := f.entries("session.refuse"); !slices.Equal(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
	f.seal()
	if got := f.entries("session.refuse"); !slices.Equal(got, want) {
		t.Errorf("once more: %q", got)
	}
	f.wantUnwritten("My-Password-In-The-Wrong-Field", "my-password-in-the-wrong-field")
}

// TestActivityNotKept: the log can be turned off.
func TestActivityNotKept(t *testing.T) {
	f := newFixture(t)
	before := len(f.entries(""))
	f.tamper(`INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": false}')`)
	_, _ = f.try(adminEmail, wrong, source(1))
	f.as(adminEmail)
	f.clock.advance(time.Minute)
	f.seal()
	if got := f.entries(""); len(got) != before {
		t.Errorf("there are new entries: %q", got)
	}
	if left := must(f.store.under.FailedSignIns(t.Context(), f.clock.Now().Add(time.Hour), 10)); len(left) > 0 {
		t.Errorf("counts are left: %v", left)
	}
}

// TestFailedSignInsOutliveTheLog: what was counted while the log was kept is in it,
// whatever is set before the minute is over.
func TestFailedSignInsOutliveTheLog(t *testing.T) {
	f := newFixture(t)
	_, _ = f.try(adminEmail, wrong, source(1))
	f.tamper(`INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": false}')`)
	_, _ = f.try(adminEmail, wrong, source(1))
	f.clock.advance(time.Minute)
	f.seal()
	want := []string{fmt.Sprintf("09:00:00 %s user 1 %s x1", source(1), adminEmail)}
	if got := f.entries("session.refuse"); !slices.Equal(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
}
