package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// wantRefusedReads fails the test unless the log has these entries of refused reads, oldest first.
func wantRefusedReads(f *servicetest.Fixture, want ...string) {
	f.T.Helper()
	if got := activityLines(f, "read.refuse"); !slices.Equal(got, want) {
		f.T.Errorf("the entries are %q, want %q", got, want)
	}
}

// TestRefusedReadsAreMerged checks that refused reads become one entry for each user and minute,
// after that minute.
func TestRefusedReadsAreMerged(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ada@example.org")
	f.AddUser("bob@example.org")
	ada, bob := f.As("ada@example.org"), f.As("bob@example.org")
	ada.From.ClientNetwork = servicetest.ClientNetwork(1)
	elsewhere := *ada
	elsewhere.From.ClientNetwork = servicetest.ClientNetwork(2)
	bob.From.ClientNetwork = servicetest.ClientNetwork(3)
	for _, caller := range []*account.Principal{ada, &elsewhere, bob, ada} {
		f.CountRefusedRead(caller)
	}
	f.Seal()
	wantRefusedReads(f)
	f.Clock.Advance(time.Minute)
	f.CountRefusedRead(&elsewhere)
	f.Seal()
	first := []string{
		fmt.Sprintf("09:00:00 %s user %d ada@example.org x3", servicetest.ClientNetwork(1), ada.User.ID),
		fmt.Sprintf("09:00:00 %s user %d bob@example.org x1", servicetest.ClientNetwork(3), bob.User.ID),
	}
	wantRefusedReads(f, first...)
	f.Seal()
	wantRefusedReads(f, first...)
	f.CountRefusedRead(ada)
	if err := f.RecordRefusedReads(t.Context(), f.Clock.Now().Add(time.Minute)); err != nil { // the server ends
		t.Fatal(err)
	}
	wantRefusedReads(f, append(first,
		fmt.Sprintf("09:01:00 %s user %d ada@example.org x2", servicetest.ClientNetwork(2), ada.User.ID))...)
	if report := f.Verify(nil); len(report.Findings) > 0 {
		t.Errorf("the log does not verify: %v", report.Findings)
	}
}

// TestRefusedReadsOfAnUnwritableDatabase checks that refused reads are still counted while nothing
// can be written, and recorded afterwards.
func TestRefusedReadsOfAnUnwritableDatabase(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	f.CountRefusedRead(admin)
	f.Clock.Advance(time.Minute)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.RecordRefusedReads(ended, f.Clock.Now()); err == nil {
		t.Fatal("the entries were written")
	}
	f.CountRefusedRead(admin)
	f.Clock.Advance(time.Minute)
	f.Seal()
	line := " " + admin.From.ClientNetwork + " user 1 " + servicetest.AdminEmail + " x1"
	wantRefusedReads(f, "09:00:00"+line, "09:01:00"+line)
}

// TestRefusedReadsAreBounded checks that refusals of very many users in a minute don't fill memory.
func TestRefusedReadsAreBounded(t *testing.T) {
	f := servicetest.New(t)
	before := servicetest.Must(f.Store.Inner.CountUnsealedActivity(t.Context()))
	const limit = 10_000
	for range 2 {
		for id := range int64(limit + 10) {
			f.CountRefusedRead(&account.Principal{User: account.User{ID: id + 1}})
		}
	}
	if err := f.RecordRefusedReads(t.Context(), f.Clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := servicetest.Must(f.Store.Inner.CountUnsealedActivity(t.Context())) - before; got != limit {
		t.Errorf("there are %d entries, want %d", got, limit)
	}
}

// While the log is disabled, refused reads add no entries.
func TestRefusedReadsWithoutLog(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	tamper(f, `INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": false}')`)
	f.CountRefusedRead(admin)
	f.Clock.Advance(time.Minute)
	f.Seal()
	tamper(f, `DELETE FROM settings WHERE name = 'application'`)
	f.Seal()
	wantRefusedReads(f)
}
