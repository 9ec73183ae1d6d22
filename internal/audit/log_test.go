package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// insertEntries inserts n entries into the activity log.
func insertEntries(f *servicetest.Fixture, n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for i := range n {
			err := tx.InsertActivity(ctx, account.Activity{
				At:    f.Clock.Now(),
				Actor: account.Actor{ID: 1, Name: servicetest.AdminEmail, ClientNetwork: servicetest.Home},
				Event: account.Event{
					Action:  account.ActionUserUpdate,
					Target:  account.Target{Kind: access.EntityUser, ID: int64(i), Name: "Ann"},
					Changes: []account.FieldChange{{Field: "name", From: "a", To: "b"}},
				},
				Count: 1,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// newSealedLog returns a fixture whose log has n entries, all sealed.
func newSealedLog(t testing.TB, n int) *servicetest.Fixture {
	t.Helper()
	f := servicetest.New(t)
	insertEntries(f, n-1) // SetUp inserted one
	f.Seal()
	return f
}

// tamper runs SQL statements on the database, past all checks of the server. $1 stands for an
// empty byte string, whose literal is not the same in SQLite and PostgreSQL.
func tamper(f *servicetest.Fixture, statements ...string) {
	f.T.Helper()
	db := f.Database.SQL()
	for _, statement := range statements {
		var args []any
		if strings.Contains(statement, "$1") {
			args = append(args, []byte{})
		}
		if _, err := db.Exec(statement, args...); err != nil {
			f.T.Fatalf("%s: %v", statement, err)
		}
	}
}

// wantFindings compares the findings of a report with want. Each is written as "kind from-to".
func wantFindings(t testing.TB, r audit.Report, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s %d-%d", f.Kind, f.From, f.To))
	}
	if !slices.Equal(got, want) || r.FindingCount != len(want) {
		t.Errorf("there are %d findings, %q, want %q: %+v", r.FindingCount, got, want, r.Findings)
	}
	if (r.Checkpoint != nil) != (len(want) == 0) {
		t.Errorf("with %d findings the report has the checkpoint %v", len(want), r.Checkpoint)
	}
}
