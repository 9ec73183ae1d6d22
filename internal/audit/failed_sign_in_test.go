package audit_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// activityLines returns the entries with an action, as one line of text each, oldest first.
func activityLines(f *servicetest.Fixture, action string) (lines []string) {
	f.T.Helper()
	filter := account.ActivityFilter{Action: action}
	q := account.ActivityQuery{ActivityFilter: filter, OldestFirst: true, Limit: 1000}
	for _, e := range servicetest.Must(f.Store.Inner.Activity(f.T.Context(), q)) {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %s x%d", e.At.Format(time.TimeOnly), e.Actor.ClientNetwork,
			e.Target.Kind, e.Target.ID, e.Target.Name, e.Count))
	}
	return lines
}

func TestFailedSignInsAreMerged(t *testing.T) {
	f := servicetest.New(t)
	ada := f.AddUser("ada@example.org")
	gone := f.AddUser("gone@example.org")
	for range 3 {
		_, _ = f.SignInFrom("ada@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(1))
		f.Clock.Advance(time.Second)
	}
	_, _ = f.SignInFrom("ada@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(2))
	_, _ = f.SignInFrom("gone@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(2))
	_, _ = f.SignInFrom("My-Password-In-The-Wrong-Field", servicetest.WrongPassword, servicetest.ClientNetwork(2))
	_, _ = f.SignInFrom("nobody@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(2))
	f.Seal()
	if got := activityLines(f, "session.refuse"); len(got) != 0 {
		t.Fatalf("the entries before the end of the minute are %q", got)
	}
	if err := f.DeleteUser(t.Context(), f.Admin(), gone); err != nil {
		t.Fatal(err)
	}
	f.Clock.Advance(time.Minute)
	_, _ = f.SignInFrom("ada@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(2)) // in the next minute
	f.Seal()
	want := []string{
		fmt.Sprintf("09:00:00 %s user %d ada@example.org x3", servicetest.ClientNetwork(1), ada),
		fmt.Sprintf("09:00:00 %s user 0  x2", servicetest.ClientNetwork(2)),
		fmt.Sprintf("09:00:00 %s user %d ada@example.org x1", servicetest.ClientNetwork(2), ada),
		fmt.Sprintf("09:00:00 %s user %d  x1", servicetest.ClientNetwork(2), gone),
	}
	if got := activityLines(f, "session.refuse"); !slices.Equal(got, want) {
		t.Errorf("the entries are %q, want %q", got, want)
	}
	f.Seal()
	if got := activityLines(f, "session.refuse"); !slices.Equal(got, want) {
		t.Errorf("after sealing twice the entries are %q, want %q", got, want)
	}
	f.WantNotStored("My-Password-In-The-Wrong-Field", "my-password-in-the-wrong-field")
}

// While the log is disabled, sign-ins add neither entries nor counts of failures.
func TestActivityNotKept(t *testing.T) {
	f := servicetest.New(t)
	before := len(activityLines(f, ""))
	tamper(f, `INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": false}')`)
	_, _ = f.SignInFrom(servicetest.AdminEmail, servicetest.WrongPassword, servicetest.ClientNetwork(1))
	f.Admin()
	f.Clock.Advance(time.Minute)
	f.Seal()
	if got := activityLines(f, ""); len(got) != before {
		t.Errorf("there are new entries: %q", got)
	}
	left := servicetest.Must(f.Store.Inner.FailedSignIns(t.Context(), f.Clock.Now().Add(time.Hour), 10))
	if len(left) > 0 {
		t.Errorf("counts are left: %v", left)
	}
}

// Failed sign-ins are summed up in one entry for each minute. Those counted while the log was
// enabled get their entry even if the log is disabled before that minute ends.
func TestFailedSignInsOutliveTheLog(t *testing.T) {
	f := servicetest.New(t)
	_, _ = f.SignInFrom(servicetest.AdminEmail, servicetest.WrongPassword, servicetest.ClientNetwork(1))
	tamper(f, `INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": false}')`)
	_, _ = f.SignInFrom(servicetest.AdminEmail, servicetest.WrongPassword, servicetest.ClientNetwork(1))
	f.Clock.Advance(time.Minute)
	f.Seal()
	want := []string{fmt.Sprintf("09:00:00 %s user 1 %s x1", servicetest.ClientNetwork(1), servicetest.AdminEmail)}
	if got := activityLines(f, "session.refuse"); !slices.Equal(got, want) {
		t.Errorf("the entries are %q, want %q", got, want)
	}
}
