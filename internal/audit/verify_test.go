package audit_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestActivityIsSealed(t *testing.T) {
	f := servicetest.New(t)
	f.Admin()
	if r := f.Verify(nil); r.Unsealed != 2 || r.Verified != 0 || r.FindingCount != 0 {
		t.Errorf("before sealing: %+v", r)
	}
	f.Seal()
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Unsealed != 0 || r.Verified != 2 || r.Head.Number != 2 {
		t.Errorf("after sealing: %+v", r)
	}
	if calls := f.Store.CallsDuring(f.Seal); calls["Write"] != 0 {
		t.Errorf("with nothing to seal the store calls are %v", calls)
	}
}

// Verification detects every change of the database that an attacker without the server key can
// make.
func TestTamperedActivity(t *testing.T) {
	const (
		rewindHead = `UPDATE activity_chain SET number = 15,` +
			` seal = (SELECT seal FROM activity WHERE number = 15) WHERE place = 'head'`
		swap = `UPDATE activity SET number = 21 - number WHERE number IN (10, 11)`
	)
	for _, test := range []struct {
		name       string
		statements []string
		want       []string
	}{
		{"nothing", nil, nil},
		{"edited", []string{`UPDATE activity SET actor_name = 'x' WHERE number = 5`}, []string{"changed 5-5"}},
		{"two edited", []string{`UPDATE activity SET at = at + 1 WHERE number IN (5, 6)`}, []string{"changed 5-6"}},
		{"the last edited", []string{`UPDATE activity SET count = 7 WHERE number = 20`}, []string{"changed 20-20"}},
		{"replaced seal",
			[]string{`UPDATE activity SET seal = (SELECT seal FROM activity WHERE number = 1) WHERE number = 5`},
			[]string{"changed 5-6"}},
		{"removed", []string{`DELETE FROM activity WHERE number IN (5, 6)`}, []string{"missing 5-6"}},
		{"the first removed", []string{`DELETE FROM activity WHERE number <= 3`}, []string{"missing 1-3"}},
		{"removed and renumbered", []string{
			`DELETE FROM activity WHERE number = 5`, `UPDATE activity SET number = number + 1000 WHERE number > 5`,
			`UPDATE activity SET number = number - 1001 WHERE number > 1000`,
		}, []string{"changed 5-19", "cut 20-20", "cut 20-20"}},
		{"reordered", []string{`DROP INDEX activity_number`, swap},
			[]string{"changed 10-10", "reordered 11-11", "changed 12-12"}},
		{"reordered by id", []string{
			`UPDATE activity SET id = 1000 WHERE id = 10`, `UPDATE activity SET id = 10 WHERE id = 11`,
			`UPDATE activity SET id = 11 WHERE id = 1000`,
		}, []string{"changed 10-10", "reordered 11-11"}},
		{"unsealed and edited", []string{
			`UPDATE activity SET number = 0, key_id = '', seal = $1, actor_name = 'x' WHERE number = 5`,
		}, []string{"missing 5-5"}},
		{"truncated", []string{`DELETE FROM activity WHERE number > 15`}, []string{"cut 16-20", "cut 16-20"}},
		{"truncated, the head edited", []string{rewindHead, `DELETE FROM activity WHERE number > 15`},
			[]string{"forged 0-0", "cut 16-20"}},
		{"truncated, the head edited, no checkpoints", []string{
			rewindHead, `DELETE FROM activity WHERE number > 15`, `DELETE FROM activity_checkpoints`,
		}, []string{"forged 0-0"}},
		{"truncated, the head removed", []string{
			`DELETE FROM activity_chain WHERE place = 'head'`, `DELETE FROM activity WHERE number > 15`,
		}, []string{"forged 0-0", "cut 16-20"}},
		{"the beginning removed, the anchor edited", []string{
			`UPDATE activity_chain SET number = 3, seal = (SELECT seal FROM activity WHERE number = 3) WHERE place = 'anchor'`,
			`DELETE FROM activity WHERE number <= 3`,
		}, []string{"forged 0-0"}},
		{"a checkpoint in the place of the anchor", []string{
			`UPDATE activity_chain SET (number, at, seal, key_id, mac) = (SELECT number, at, seal, key_id,` +
				` mac FROM activity_checkpoints) WHERE place = 'anchor'`,
			`DELETE FROM activity WHERE number <= 20`,
		}, []string{"forged 0-0"}},
		{"the head in the place of the anchor", []string{
			`UPDATE activity_chain SET (number, at, seal, key_id, mac) =
			   (SELECT number, at, seal, key_id, mac FROM activity_chain WHERE place = 'head') WHERE place = 'anchor'`,
			`DELETE FROM activity`,
		}, []string{"forged 0-0"}},
		{"all removed", []string{`DELETE FROM activity`}, []string{"cut 1-20", "cut 1-20"}},
		{"all removed, the head emptied", []string{
			`DELETE FROM activity`, `UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`,
		}, []string{"forged 0-0", "forged 0-0", "cut 1-20"}},
		{"added after the head", []string{
			`INSERT INTO activity SELECT 99, at, 7, actor_name, credential, credential_id, source, action,
			   target_kind, target_id, target_name, changes, count, 21, key_id, seal FROM activity WHERE number = 20`,
		}, []string{"changed 21-21", "added 21-21"}},
		{"a duplicate number", []string{`DROP INDEX activity_number`,
			`INSERT INTO activity SELECT 99, at, 7, actor_name, credential, credential_id, source, action,
			   target_kind, target_id, target_name, changes, count, number, key_id, seal FROM activity WHERE number = 20`,
		}, []string{"added 20-20"}},
		{"a checkpoint edited",
			[]string{`UPDATE activity_checkpoints SET seal = (SELECT seal FROM activity WHERE number = 1)`},
			[]string{"forged 20-20"}},
		{"a checkpoint added", []string{
			`INSERT INTO activity_checkpoints SELECT 30, at, seal, key_id, mac FROM activity_checkpoints`,
		}, []string{"forged 30-30"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newSealedLog(t, 20)
			tamper(f, test.statements...)
			wantFindings(t, f.Verify(nil), test.want...)
		})
	}
}

// Verification detects a change in any column of an entry.
func TestEveryColumnIsSealed(t *testing.T) {
	f := newSealedLog(t, 3)
	columns := strings.Fields("id at actor_id actor_name credential credential_id source action target_kind target_id " +
		"target_name changes count")
	rows := servicetest.Must(f.Database.SQL().Query(`SELECT * FROM activity WHERE number = 0`))
	defer rows.Close()
	for _, name := range servicetest.Must(rows.Columns()) {
		if !slices.Contains(append(columns, "number", "key_id", "seal"), name) {
			t.Errorf("this test does not check the column %s", name)
		}
	}
	for _, column := range columns {
		before := column + " = " + column + " + 100"
		after := column + " = " + column + " - 100"
		if strings.HasSuffix(column, "name") ||
			slices.Contains([]string{"credential", "source", "action", "target_kind", "changes"}, column) {
			before, after = column+" = "+column+" || ' '", column+" = substr("+column+", 1, length("+column+") - 1)"
		}
		tamper(f, `UPDATE activity SET `+before+` WHERE number = 2`)
		if r := f.Verify(nil); r.FindingCount == 0 {
			t.Errorf("a change of %s is not detected", column)
		}
		tamper(f, `UPDATE activity SET `+after+` WHERE number = 2`)
		wantFindings(t, f.Verify(nil))
	}
}

// replaceChainEnds replaces both ends of the chain by the ends of an empty chain, which another
// server key signed.
func replaceChainEnds(f *servicetest.Fixture, ring *keyring.Ring) {
	f.T.Helper()
	other := servicetest.NewBlank(f.T)
	servicetest.Must(other.With(func(o *service.Options) { o.Keys = ring }).SetUp(f.T.Context(), servicetest.FirstRun()))
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for _, end := range []account.ChainEnd{account.ChainAnchor, account.ChainHead} {
			if err := tx.SaveChainEnd(ctx, end, servicetest.Must(other.Store.Inner.ChainEnd(ctx, end))); err != nil {
				return err
			}
		}
		return nil
	})
}

// An attacker without the server key edits an entry and recomputes every seal with another key.
func TestRecomputedActivity(t *testing.T) {
	const unseal = `UPDATE activity SET number = 0, key_id = '', seal = $1`
	f := newSealedLog(t, 20)
	external := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	own := external.Signature.KeyID
	tamper(f, `UPDATE activity SET actor_name = 'x' WHERE number = 5`, unseal,
		`UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`, `DELETE FROM activity_checkpoints`)
	ring := servicetest.NewRing()
	replaceChainEnds(f, ring)
	tamper(f, `UPDATE key_checks SET id = '`+ring.Primary()+`'`) // so that the attacker's server seals with its own key
	other := f.With(func(o *service.Options) { o.Keys = ring })
	if err := other.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	tamper(f, `UPDATE key_checks SET id = '`+own+`'`)
	wantFindings(t, f.Verify(nil), "forged 0-0", "key 1-20", "forged 20-20", "forged 0-0")
	r := f.Verify(&external)
	if r.Compared != audit.ComparedDifferent {
		t.Errorf("Compared = %q, want %q", r.Compared, audit.ComparedDifferent)
	}

	tamper(f, `UPDATE activity SET key_id = '`+own+`'`, `UPDATE activity_chain SET key_id = '`+own+`'`,
		`DELETE FROM activity_checkpoints`)
	wantFindings(t, f.Verify(nil), "forged 0-0", "changed 1-20", "forged 0-0")

	// The server refuses to continue the forged chain.
	insertEntries(f, 1)
	if err := f.SealActivity(t.Context()); err == nil || !strings.Contains(err.Error(), "audit verify") {
		t.Errorf("seal after a forged head: %v", err)
	}
	if r := f.Verify(nil); r.Unsealed != 1 {
		t.Errorf("%d entries are unsealed, want 1", r.Unsealed)
	}
}

// The whole database was reset to an earlier state. Only a checkpoint from outside the database
// shows that entries are missing.
func TestTruncatedActivity(t *testing.T) {
	f := newSealedLog(t, 15)
	earlier := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	tamper(f, `CREATE TABLE copy AS SELECT * FROM activity_chain`)
	insertEntries(f, 5)
	f.Seal()
	later := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	if r := f.Verify(&earlier); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("an intact log: %+v", r)
	}
	if r := f.Verify(&later); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("an intact log: %+v", r)
	}

	tamper(f, `DELETE FROM activity WHERE number > 15`, `DELETE FROM activity_chain`,
		`INSERT INTO activity_chain SELECT * FROM copy`)
	wantFindings(t, f.Verify(nil)) // not detected without an external checkpoint
	wantFindings(t, f.Verify(&earlier))
	r := f.Verify(&later)
	wantFindings(t, r, "cut 16-20")
	if r.Compared != audit.ComparedDifferent {
		t.Errorf("Compared = %q, want %q", r.Compared, audit.ComparedDifferent)
	}

	// The server adds entries, which get the lost numbers again, with other seals.
	insertEntries(f, 7)
	f.Seal()
	wantFindings(t, f.Verify(&later), "replaced 20-20")
}

func TestConcurrentSealing(t *testing.T) {
	f := servicetest.New(t)
	other := service.New(f.Options)
	insertEntries(f, 50)
	for _, err := range servicetest.Parallel(8, func(i int) error {
		insertEntries(f, 20)
		return []*service.Service{f.Service, other}[i%2].SealActivity(t.Context())
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	f.Seal()
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Verified != 211 || r.Unsealed != 0 {
		t.Errorf("the report is %+v", r)
	}
}

// Verification reports no findings while servers seal and remove entries at the same time.
func TestVerifyDuringWrites(t *testing.T) {
	f := newSealedLog(t, 3000)
	f.Clock.Advance(366 * 24 * time.Hour)
	insertEntries(f, 1500)
	for i, err := range servicetest.Parallel(3, func(i int) error {
		switch i {
		case 0:
			return f.SealActivity(t.Context())
		case 1:
			return f.Sweep(t.Context())
		}
		for range 20 {
			r, err := f.VerifyActivity(t.Context(), nil, nil)
			if err != nil || r.FindingCount > 0 {
				return fmt.Errorf("%w, %+v", err, r.Findings)
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if r := f.Verify(nil); r.Anchor.Number != 3000 || r.Verified != 1500 {
		t.Errorf("the report is %+v", r)
	}
}
