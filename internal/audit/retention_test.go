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

// defaultRetention is how long entries are kept by default.
const defaultRetention = 365 * 24 * time.Hour

func sweepNow(f *servicetest.Fixture) {
	f.T.Helper()
	if err := f.Sweep(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
}

func TestRetention(t *testing.T) {
	f := newSealedLog(t, 2500)
	external := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	f.Clock.Advance(time.Hour)
	insertEntries(f, 10)
	f.Clock.Advance(-2 * time.Hour) // the clock was set back: older entries follow newer ones, and stay
	insertEntries(f, 10)
	f.Seal()
	f.Clock.Advance(time.Hour + defaultRetention)
	sweepNow(f)
	if r := f.Verify(nil); r.Anchor.Number != 0 {
		t.Fatalf("the sweep removed entries too early: %+v", r)
	}
	f.Clock.Advance(time.Minute)
	sweepNow(f)
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Anchor.Number != 2500 || r.Verified != 20 {
		t.Errorf("the report is %+v", r)
	}
	if r := f.Verify(&external); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("an external checkpoint at the anchor: %+v", r)
	}
	f.Clock.Advance(time.Hour)
	sweepNow(f)
	r = f.Verify(&external)
	wantFindings(t, r)
	if r.Anchor.Number != 2520 || r.Verified != 0 || r.Compared != audit.ComparedTooOld {
		t.Errorf("the report is %+v", r)
	}
	insertEntries(f, 3)
	f.Seal()
	r = f.Verify(nil)
	wantFindings(t, r)
	if r.Verified != 3 || r.Head.Number != 2523 {
		t.Errorf("the report is %+v", r)
	}
}

// An attacker who backdates entries, or forges the anchor (the signed start of the chain after
// retention), can't make the server remove entries and sign the rest of the chain.
func TestRetentionKeepsEvidence(t *testing.T) {
	for name, test := range map[string]struct{ statement, want string }{
		"backdated entries": {`UPDATE activity SET at = 1 WHERE number <= 5`, "changed 1-5"},
		"forged anchor": {`UPDATE activity_chain SET number = 5,` +
			` seal = (SELECT seal FROM activity WHERE number = 5) WHERE place = 'anchor'`, "forged 0-0"},
		"forged head": {`UPDATE activity_chain SET number = 9 WHERE place = 'head'`, "forged 0-0"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newSealedLog(t, 10)
			tamper(f, test.statement)
			if name != "backdated entries" {
				f.Clock.Advance(2 * defaultRetention)
			}
			if err := f.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), "was changed") {
				t.Errorf("the sweep returned %v, want an error that names the change", err)
			}
			if r := f.Verify(nil); r.FindingCount == 0 {
				t.Errorf("the verification has no findings: %+v", r)
			}
		})
	}
}

// Verification reports entries that were inserted in the place of entries that retention
// removed.
func TestEntriesBeforeTheAnchor(t *testing.T) {
	f := newSealedLog(t, 10)
	f.Clock.Advance(2 * defaultRetention)
	insertEntries(f, 5)
	f.Seal()
	sweepNow(f)
	tamper(f, `INSERT INTO activity SELECT 3, at, 7, actor_name, credential, credential_id, source, action,
		target_kind, target_id, target_name, changes, count, 3, key_id, seal FROM activity WHERE number = 12`)
	wantFindings(t, f.Verify(nil), "added 3-3")
}

// The stored retention period is one that no operation can set. Retention then removes nothing,
// and the server reports it.
func TestInvalidRetentionPeriod(t *testing.T) {
	for _, days := range []string{"-1", "0", "3651", "-9000000000"} {
		t.Run(days, func(t *testing.T) {
			f := newSealedLog(t, 10)
			f.Clock.Advance(time.Hour)
			tamper(f, `INSERT INTO settings (name, value) VALUES ('application', '{"ActivityDays": `+days+`}')`)
			if err := f.Sweep(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("the sweep returned %v, want ErrActivityChanged", err)
			}
			r := f.Verify(nil)
			wantFindings(t, r, "forged 0-0")
			if r.Verified != 10 {
				t.Errorf("the report is %+v", r)
			}
		})
	}
}

// Entries were removed before their retention ended. The time of the anchor or an external
// checkpoint shows this.
func TestEarlyRemoval(t *testing.T) {
	f := newSealedLog(t, 10)
	f.Clock.Advance(48 * time.Hour)
	external := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	insertEntries(f, 5)
	f.Seal()
	setDays := func(n string) {
		tamper(f, `DELETE FROM settings WHERE name = 'application'`,
			`INSERT INTO settings (name, value) VALUES ('application', '{"KeepActivity": true, "ActivityDays": `+n+`}')`)
	}
	f.Clock.Advance(25 * time.Hour)
	setDays("1")
	sweepNow(f)
	setDays("365")
	r := f.Verify(&external)
	wantFindings(t, r, "early 11-15")
	if r.Compared != audit.ComparedTooOld {
		t.Errorf("the report is %+v", r)
	}
	wantFindings(t, f.Verify(nil))
	f.Clock.Advance(-2 * time.Hour)
	wantFindings(t, f.Verify(nil), "early 15-15")
}
