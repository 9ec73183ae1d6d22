package servicetest

import (
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
)

func (f *Fixture) Seal() {
	f.T.Helper()
	if err := f.SealActivity(f.T.Context()); err != nil {
		f.T.Fatal(err)
	}
}

func (f *Fixture) Verify(elsewhere *account.Checkpoint) audit.Report {
	f.T.Helper()
	r, err := f.VerifyActivity(f.T.Context(), elsewhere, nil)
	if err != nil {
		f.T.Fatal(err)
	}
	return r
}

const (
	SMTPPassword = "Never-shown-1"
	LDAPPassword = "Never-shown-2"
)

// activity reads the activity log past the rules.
func (f *Fixture) StoredActivity() []account.StoredActivity {
	f.T.Helper()
	return Must(f.Store.Inner.Activity(f.T.Context(), account.ActivityQuery{OldestFirst: true, Limit: 1000}))
}

// wantLast fails unless the last entry of the activity log is this.
func (f *Fixture) WantLastActivity(action account.Action, target string, changes ...string) {
	f.T.Helper()
	entries := f.StoredActivity()
	last := entries[len(entries)-1]
	if last.Action != action || string(last.Target.Kind)+last.Target.Name != target {
		f.T.Fatalf("the last entry is %+v, want %s of %s", last, action, target)
	}
	for _, change := range changes {
		if !strings.Contains(last.ChangesText, change) {
			f.T.Errorf("%s is not in %s", change, last.ChangesText)
		}
	}
	for _, e := range entries {
		if strings.Contains(e.ChangesText, SMTPPassword) || strings.Contains(e.ChangesText, LDAPPassword) || strings.Contains(e.ChangesText, "PRIVATE KEY") {
			f.T.Errorf("a secret in %+v", e)
		}
	}
}
