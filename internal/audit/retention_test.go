package audit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

const defaultRetention = 365 * 24 * time.Hour // how long entries are kept by default

func sweepNow(f *servicetest.Fixture) {
	f.T.Helper()
	if err := f.Sweep(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
}

func TestRetention(t *testing.T) {
	f := newSealedLog(t, 2500)
	kept := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	f.Clock.Advance(time.Hour)
	insertEntries(f, 10)
	f.Clock.Advance(-2 * time.Hour) // the clock was set back: older entries behind newer ones stay
	insertEntries(f, 10)
	f.Seal()
	f.Clock.Advance(time.Hour + defaultRetention)
	sweepNow(f)
	if r := f.Verify(nil); r.Anchor.Number != 0 {
		t.Fatalf("it removed what is not too old: %+v", r)
	}
	f.Clock.Advance(time.Minute)
	sweepNow(f)
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Anchor.Number != 2500 || r.Verified != 20 {
		t.Errorf("%+v", r)
	}
	if r := f.Verify(&kept); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("a checkpoint of the anchor: %+v", r)
	}
	f.Clock.Advance(time.Hour)
	sweepNow(f)
	r = f.Verify(&kept)
	wantFindings(t, r)
	if r.Anchor.Number != 2520 || r.Verified != 0 || r.Compared != audit.ComparedTooOld {
		t.Errorf("%+v", r)
	}
	insertEntries(f, 3)
	f.Seal()
	r = f.Verify(nil)
	wantFindings(t, r)
	if r.Verified != 3 || r.Head.Number != 2523 {
		t.Errorf("%+v", r)
	}
}

// TestRetentionRemovesNoTraces: who sets the time of an entry back, or forges the
// anchor, does not get the server to remove it and to vouch for the rest.
func TestRetentionRemovesNoTraces(t *testing.T) {
	for name, test := range map[string]struct{ statement, want string }{
		"time set back": {`UPDATE activity SET at = 1 WHERE number <= 5`, "changed 1-5"},
		"forged anchor": {`UPDATE activity_chain SET number = 5,` +
			` seal = (SELECT seal FROM activity WHERE number = 5) WHERE place = 'anchor'`, "forged 0-0"},
		"forged head": {`UPDATE activity_chain SET number = 9 WHERE place = 'head'`, "forged 0-0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSealedLog(t, 10)
			tamper(f, test.statement)
			if name != "time set back" {
				f.Clock.Advance(2 * defaultRetention)
			}
			if err := f.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "was changed") {
				t.Errorf("it goes on: %v", err)
			}
			if r := f.Verify(nil); r.FindingCount == 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestEntriesBeforeTheAnchor: what was put where retention has removed is found.
func TestEntriesBeforeTheAnchor(t *testing.T) {
	f := newSealedLog(t, 10)
	f.Clock.Advance(2 * defaultRetention)
	insertEntries(f, 5)
	f.Seal()
	sweepNow(f)
	tamper(f, `INSERT INTO activity SELECT 3, at, 7, actor_name, credential, credential_id, source, action, target_kind, target_id,
		target_name, changes, count, 3, key_id, seal FROM activity WHERE number = 12`)
	wantFindings(t, f.Verify(nil), "added 3-3")
}

// TestRetentionPastTheRules: days that no operation sets remove nothing, and are
// found.
func TestRetentionPastTheRules(t *testing.T) {
	for _, days := range []string{"-1", "0", "3651", "-9000000000"} {
		t.Run(days, func(t *testing.T) {
			f := newSealedLog(t, 10)
			f.Clock.Advance(time.Hour)
			tamper(f, `INSERT INTO settings (name, value) VALUES ('application', '{"ActivityDays": `+days+`}')`)
			if err := f.Sweep(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("it goes on: %v", err)
			}
			r := f.Verify(nil)
			wantFindings(t, r, "forged 0-0")
			if r.Verified != 10 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestEarlyRemoval: entries that were removed before their time are found, by the
// anchor or by a checkpoint kept elsewhere.
func TestEarlyRemoval(t *testing.T) {
	f := newSealedLog(t, 10)
	f.Clock.Advance(48 * time.Hour)
	kept := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	insertEntries(f, 5)
	f.Seal()
	days := func(n string) {
		tamper(f, `DELETE FROM settings WHERE name = 'application'`,
			`INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": true, "ActivityDays": `+n+`}')`)
	}
	f.Clock.Advance(25 * time.Hour)
	days("1")
	sweepNow(f)
	days("365")
	r := f.Verify(&kept)
	wantFindings(t, r, "early 11-15")
	if r.Compared != audit.ComparedTooOld {
		t.Errorf("%+v", r)
	}
	wantFindings(t, f.Verify(nil))
	f.Clock.Advance(-2 * time.Hour)
	wantFindings(t, f.Verify(nil), "early 15-15")
}
