package servicetest

import (
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
)

// Seal runs the background work that signs new entries of the activity log.
func (f *Fixture) Seal() {
	f.T.Helper()
	if err := f.SealActivity(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
}

// Verify verifies the activity log. external is a checkpoint from outside the database, or nil.
func (f *Fixture) Verify(external *account.Checkpoint) audit.Report {
	f.T.Helper()
	r, err := f.VerifyActivity(f.T.Context(), external, nil)
	if err != nil {
		f.T.Fatal(err)
	}
	return r
}

// Passwords that tests store in the settings. They must never appear in the activity log.
const (
	SMTPPassword = "Never-shown-1"
	LDAPPassword = "Never-shown-2"
)

// StoredActivity reads the first 1000 entries of the activity log directly from the database.
func (f *Fixture) StoredActivity() []account.StoredActivity {
	f.T.Helper()
	return Must(f.Store.Inner.Activity(f.T.Context(), account.ActivityQuery{OldestFirst: true, Limit: 1000}))
}

// WantLastActivity checks the last entry of the activity log: its action, its target, and parts
// of its changes. target is the kind and the name, joined. It also checks that no entry contains
// a secret.
func (f *Fixture) WantLastActivity(action account.Action, target string, changes ...string) {
	f.T.Helper()
	entries := f.StoredActivity()
	last := entries[len(entries)-1]
	if last.Action != action || string(last.Target.Kind)+last.Target.Name != target {
		f.T.Fatalf("the last entry is %+v, want %s of %s", last, action, target)
	}
	for _, change := range changes {
		if !strings.Contains(last.ChangesText, change) {
			f.T.Errorf("the changes are %s, want %s in them", last.ChangesText, change)
		}
	}
	for _, e := range entries {
		for _, text := range []string{SMTPPassword, LDAPPassword, "PRIVATE KEY"} {
			if strings.Contains(e.ChangesText, text) {
				f.T.Errorf("the entry %+v contains a secret", e)
			}
		}
	}
}
