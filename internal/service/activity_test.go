package service_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// act writes so many entries into the activity log.
func (f *fixture) act(n int) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error {
		for i := range n {
			err := tx.InsertActivity(ctx, account.Activity{
				At: f.clock.Now(), Actor: account.Actor{ID: 1, Name: adminEmail, ClientNetwork: home},
				Event: account.Event{
					Action: account.ActionUserUpdate, Target: account.Target{Kind: access.EntityUser, ID: int64(i), Name: "somebody"},
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

func (f *fixture) seal() {
	f.t.Helper()
	if err := f.SealActivity(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// sealedLog is a fixture with so many sealed entries.
func sealedLog(t testing.TB, n int) *fixture {
	t.Helper()
	f := newFixture(t)
	f.act(n - 1) // SetUp wrote one
	f.seal()
	return f
}

// tamper runs statements on the database, past every rule. $1 is no bytes, for
// which each engine has a name of its own.
func (f *fixture) tamper(statements ...string) {
	f.t.Helper()
	db := f.database.SQL()
	for _, statement := range statements {
		var args []any
		if strings.Contains(statement, "$1") {
			args = append(args, []byte{})
		}
		if _, err := db.Exec(statement, args...); err != nil {
			f.t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (f *fixture) verify(elsewhere *account.Checkpoint) audit.Report {
	f.t.Helper()
	r, err := f.VerifyActivity(f.t.Context(), elsewhere, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// wantFound fails unless the report finds these, as "kind from-to".
func wantFound(t testing.TB, r audit.Report, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s %d-%d", f.Kind, f.From, f.To))
	}
	if !slices.Equal(got, want) || r.FindingCount != len(want) {
		t.Errorf("%d are found, %q, want %q: %+v", r.FindingCount, got, want, r.Findings)
	}
	if (r.Checkpoint != nil) != (len(want) == 0) {
		t.Errorf("the report vouches for the log by %v", r.Checkpoint)
	}
}

func TestActivityIsSealed(t *testing.T) {
	f := newFixture(t)
	f.as(adminEmail)
	if r := f.verify(nil); r.Unsealed != 2 || r.Verified != 0 || r.FindingCount != 0 {
		t.Errorf("before: %+v", r)
	}
	f.seal()
	r := f.verify(nil)
	wantFound(t, r)
	if r.Unsealed != 0 || r.Verified != 2 || r.Head.Number != 2 {
		t.Errorf("after: %+v", r)
	}
	if calls := f.store.during(f.seal); calls["Write"] != 0 {
		t.Errorf("with nothing to seal it asked the store for %v", calls)
	}
}

// TestTamperedActivity does to the database what somebody without the server key
// can do.
func TestTamperedActivity(t *testing.T) {
	const (
		setBack = `UPDATE activity_chain SET number = 15, seal = (SELECT seal FROM activity WHERE number = 15) WHERE place = 'head'`
		swap    = `UPDATE activity SET number = 21 - number WHERE number IN (10, 11)`
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
		{"another seal", []string{`UPDATE activity SET seal = (SELECT seal FROM activity WHERE number = 1) WHERE number = 5`}, []string{"changed 5-6"}},
		{"removed", []string{`DELETE FROM activity WHERE number IN (5, 6)`}, []string{"missing 5-6"}},
		{"the first removed", []string{`DELETE FROM activity WHERE number <= 3`}, []string{"missing 1-3"}},
		{"the gap closed", []string{
			`DELETE FROM activity WHERE number = 5`, `UPDATE activity SET number = number + 1000 WHERE number > 5`,
			`UPDATE activity SET number = number - 1001 WHERE number > 1000`,
		}, []string{"changed 5-19", "cut 20-20", "cut 20-20"}},
		{"reordered", []string{`DROP INDEX activity_number`, swap}, []string{"changed 10-10", "reordered 11-11", "changed 12-12"}},
		{"reordered by id", []string{
			`UPDATE activity SET id = 1000 WHERE id = 10`, `UPDATE activity SET id = 10 WHERE id = 11`, `UPDATE activity SET id = 11 WHERE id = 1000`,
		}, []string{"changed 10-10", "reordered 11-11"}},
		{"unsealed and edited", []string{
			`UPDATE activity SET number = 0, key_id = '', seal = $1, actor_name = 'x' WHERE number = 5`,
		}, []string{"missing 5-5"}},
		{"cut off", []string{`DELETE FROM activity WHERE number > 15`}, []string{"cut 16-20", "cut 16-20"}},
		{"cut off, the head edited", []string{setBack, `DELETE FROM activity WHERE number > 15`}, []string{"forged 0-0", "cut 16-20"}},
		{"cut off, the head edited, no checkpoints", []string{
			setBack, `DELETE FROM activity WHERE number > 15`, `DELETE FROM activity_checkpoints`,
		}, []string{"forged 0-0"}},
		{"cut off, the head gone", []string{
			`DELETE FROM activity_chain WHERE place = 'head'`, `DELETE FROM activity WHERE number > 15`,
		}, []string{"forged 0-0", "cut 16-20"}},
		{"the beginning cut off, the anchor edited", []string{
			`UPDATE activity_chain SET number = 3, seal = (SELECT seal FROM activity WHERE number = 3) WHERE place = 'anchor'`,
			`DELETE FROM activity WHERE number <= 3`,
		}, []string{"forged 0-0"}},
		{"a checkpoint in the place of the anchor", []string{
			`UPDATE activity_chain SET (number, at, seal, key_id, mac) = (SELECT number, at, seal, key_id, mac FROM activity_checkpoints) WHERE place = 'anchor'`,
			`DELETE FROM activity WHERE number <= 20`,
		}, []string{"forged 0-0"}},
		{"the head in the place of the anchor", []string{
			`UPDATE activity_chain SET (number, at, seal, key_id, mac) =
			   (SELECT number, at, seal, key_id, mac FROM activity_chain WHERE place = 'head') WHERE place = 'anchor'`,
			`DELETE FROM activity`,
		}, []string{"forged 0-0"}},
		{"all removed", []string{`DELETE FROM activity`}, []string{"cut 1-20", "cut 1-20"}},
		{"all removed, the head made empty", []string{
			`DELETE FROM activity`, `UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`,
		}, []string{"forged 0-0", "forged 0-0", "cut 1-20"}},
		{"added behind the head", []string{
			`INSERT INTO activity SELECT 99, at, 7, actor_name, credential, credential_id, source, action, target_kind, target_id,
			   target_name, changes, count, 21, key_id, seal FROM activity WHERE number = 20`,
		}, []string{"changed 21-21", "added 21-21"}},
		{"a number twice", []string{`DROP INDEX activity_number`,
			`INSERT INTO activity SELECT 99, at, 7, actor_name, credential, credential_id, source, action, target_kind, target_id,
			   target_name, changes, count, number, key_id, seal FROM activity WHERE number = 20`,
		}, []string{"added 20-20"}},
		{"a checkpoint edited", []string{`UPDATE activity_checkpoints SET seal = (SELECT seal FROM activity WHERE number = 1)`}, []string{"forged 20-20"}},
		{"a checkpoint invented", []string{
			`INSERT INTO activity_checkpoints SELECT 30, at, seal, key_id, mac FROM activity_checkpoints`,
		}, []string{"forged 30-30"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := sealedLog(t, 20)
			f.tamper(test.statements...)
			wantFound(t, f.verify(nil), test.want...)
		})
	}
}

// TestEveryColumnIsSealed: no part of an entry can be edited unseen.
func TestEveryColumnIsSealed(t *testing.T) {
	f := sealedLog(t, 3)
	columns := strings.Fields("id at actor_id actor_name credential credential_id source action target_kind target_id target_name changes count")
	rows := must(f.database.SQL().Query(`SELECT * FROM activity WHERE number = 0`))
	defer rows.Close()
	for _, name := range must(rows.Columns()) {
		if !slices.Contains(append(columns, "number", "key_id", "seal"), name) {
			t.Errorf("the seal is not known to be over the column %s", name)
		}
	}
	for _, column := range columns {
		before := column + " = " + column + " + 100"
		after := column + " = " + column + " - 100"
		if strings.HasSuffix(column, "name") || slices.Contains([]string{"credential", "source", "action", "target_kind", "changes"}, column) {
			before, after = column+" = "+column+" || ' '", column+" = substr("+column+", 1, length("+column+") - 1)"
		}
		f.tamper(`UPDATE activity SET ` + before + ` WHERE number = 2`)
		if r := f.verify(nil); r.FindingCount == 0 {
			t.Errorf("%s can be edited", column)
		}
		f.tamper(`UPDATE activity SET ` + after + ` WHERE number = 2`)
		wantFound(t, f.verify(nil))
	}
}

// beginAs makes the ends of the chain those of the beginning, as somebody with
// another key signs them.
func (f *fixture) beginAs(ring *keyring.Ring) {
	f.t.Helper()
	other := blankFixture(f.t)
	must(other.with(func(o *service.Options) { o.Keys = ring }).SetUp(f.t.Context(), firstRun))
	f.write(func(ctx context.Context, tx account.Tx) error {
		for _, end := range []account.ChainEnd{account.ChainAnchor, account.ChainHead} {
			if err := tx.SaveChainEnd(ctx, end, must(other.store.under.ChainEnd(ctx, end))); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestRecomputedActivity: somebody without the server key edits an entry and
// makes every seal anew.
func TestRecomputedActivity(t *testing.T) {
	const unseal = `UPDATE activity SET number = 0, key_id = '', seal = $1`
	f := sealedLog(t, 20)
	kept := must(f.ActivityCheckpoint(t.Context()))
	own := kept.Signature.KeyID
	f.tamper(`UPDATE activity SET actor_name = 'x' WHERE number = 5`, unseal,
		`UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`, `DELETE FROM activity_checkpoints`)
	ring := newRing()
	f.beginAs(ring)
	other := f.with(func(o *service.Options) { o.Keys = ring })
	if err := other.SealActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantFound(t, f.verify(nil), "forged 0-0", "key 1-20", "forged 20-20", "forged 0-0")
	r := f.verify(&kept)
	if r.Compared != audit.ComparedDifferent {
		t.Errorf("it is compared as %q", r.Compared)
	}

	f.tamper(`UPDATE activity SET key_id = '`+own+`'`, `UPDATE activity_chain SET key_id = '`+own+`'`, `DELETE FROM activity_checkpoints`)
	wantFound(t, f.verify(nil), "forged 0-0", "changed 1-20", "forged 0-0")

	// The server itself does not go on from there.
	f.act(1)
	if err := f.SealActivity(t.Context()); err == nil || !strings.Contains(err.Error(), "audit verify") {
		t.Errorf("it seals behind a forged head: %v", err)
	}
	if r := f.verify(nil); r.Unsealed != 1 {
		t.Errorf("%d are unsealed", r.Unsealed)
	}
}

// TestCutOffActivity: with the database as it was earlier only a checkpoint that
// was kept elsewhere shows that something is gone.
func TestCutOffActivity(t *testing.T) {
	f := sealedLog(t, 15)
	earlier := must(f.ActivityCheckpoint(t.Context()))
	f.tamper(`CREATE TABLE copy AS SELECT * FROM activity_chain`)
	f.act(5)
	f.seal()
	later := must(f.ActivityCheckpoint(t.Context()))
	if r := f.verify(&earlier); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("an honest log: %+v", r)
	}
	if r := f.verify(&later); r.Compared != audit.ComparedEqual || r.FindingCount != 0 {
		t.Errorf("an honest log: %+v", r)
	}

	f.tamper(`DELETE FROM activity WHERE number > 15`, `DELETE FROM activity_chain`, `INSERT INTO activity_chain SELECT * FROM copy`)
	wantFound(t, f.verify(nil)) // that is why checkpoints are kept elsewhere
	wantFound(t, f.verify(&earlier))
	r := f.verify(&later)
	wantFound(t, r, "cut 16-20")
	if r.Compared != audit.ComparedDifferent {
		t.Errorf("it is compared as %q", r.Compared)
	}

	// The server goes on, and the numbers are there again: with other seals.
	f.act(7)
	f.seal()
	wantFound(t, f.verify(&later), "replaced 20-20")
}

func TestCheckpointElsewhere(t *testing.T) {
	f := sealedLog(t, 10)
	good := must(f.ActivityCheckpoint(t.Context()))
	if again, err := account.ParseCheckpoint(" " + good.String() + "\n"); err != nil || again.String() != good.String() {
		t.Errorf("it is read as %v, %v", again, err)
	}
	for _, text := range []string{"", "x", "1/2/3/4/5", "0" + good.String()[2:], good.String() + "/", strings.Replace(good.String(), "/", "x/", 1)} {
		if c, err := account.ParseCheckpoint(text); err == nil && c.Number == good.Number {
			t.Errorf("%q is read as %v", text, c)
		}
	}

	edited := good
	edited.Number--
	wantFound(t, f.verify(&edited), "forged 0-0")

	foreign := must(foreignLog(t, 10).ActivityCheckpoint(t.Context()))
	wantFound(t, f.verify(&foreign), "forged 0-0")

	twin := sealedLog(t, 1) // another database with the same key
	twin.clock.advance(time.Second)
	twin.act(9)
	twin.seal()
	other := must(twin.ActivityCheckpoint(t.Context()))
	wantFound(t, f.verify(&other), "replaced 10-10")

	empty := newFixture(t)
	if _, err := empty.ActivityCheckpoint(t.Context()); err != account.ErrNothingSealed {
		t.Errorf("with nothing sealed: %v", err)
	}
}

// TestRotatedServerKey: what an older key of the ring sealed still verifies.
func TestRotatedServerKey(t *testing.T) {
	old, next := must(keyring.Generate(rand32{})), must(keyring.Generate(rand32{7}))
	f := blankFixture(t)
	with := func(ring string) *service.Service {
		return f.with(func(o *service.Options) { o.Keys = must(keyring.Parse(ring)) })
	}
	must(with(old).SetUp(t.Context(), firstRun))
	seal := func(s *service.Service) {
		f.act(3)
		if err := s.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	seal(with(old))
	kept := must(with(old).ActivityCheckpoint(t.Context()))
	both := with(next + old)
	seal(both)
	r := must(both.VerifyActivity(t.Context(), &kept, nil))
	wantFound(t, r)
	if r.Verified != 7 || r.Compared != audit.ComparedEqual {
		t.Errorf("%+v", r)
	}
	wantFound(t, must(with(next).VerifyActivity(t.Context(), nil, nil)), "forged 0-0", "key 1-4", "forged 4-4")
}

// rand32 is a random source that always gives the same.
type rand32 []byte

func (r rand32) Read(p []byte) (int, error) {
	clear(p)
	copy(p, r)
	return len(p), nil
}

func TestSealersTakeTurns(t *testing.T) {
	f := newFixture(t)
	other := service.New(f.options)
	f.act(50)
	for _, err := range parallel(8, func(i int) error {
		f.act(20)
		return []*service.Service{f.Service, other}[i%2].SealActivity(t.Context())
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	f.seal()
	r := f.verify(nil)
	wantFound(t, r)
	if r.Verified != 211 || r.Unsealed != 0 {
		t.Errorf("%+v", r)
	}
}

// TestVerifyingBesideWrites: nothing is found while servers seal and remove.
func TestVerifyingBesideWrites(t *testing.T) {
	f := sealedLog(t, 3000)
	f.clock.advance(366 * 24 * time.Hour)
	f.act(1500)
	for i, err := range parallel(3, func(i int) error {
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
	if r := f.verify(nil); r.Anchor.Number != 3000 || r.Verified != 1500 {
		t.Errorf("%+v", r)
	}
}

func TestCheckpoints(t *testing.T) {
	f := newFixture(t)
	var log bytes.Buffer
	s := f.with(func(o *service.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	numbers := func() (list []int64) {
		t.Helper()
		if err := s.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range must(f.store.under.Checkpoints(t.Context(), 0, 1_000_000, 100)) {
			list = append(list, c.Number)
		}
		return list
	}
	for _, step := range []struct {
		entries int
		later   time.Duration
		want    []int64
	}{
		{4, 0, []int64{5}},
		{5, 0, []int64{5}},
		{2500, 0, []int64{5, 1005, 2005}},
		{0, time.Hour, []int64{5, 1005, 2005, 2510}},
		{0, time.Hour, []int64{5, 1005, 2005, 2510}},
		{1, 0, []int64{5, 1005, 2005, 2510, 2511}},
	} {
		f.act(step.entries)
		f.clock.advance(step.later)
		if got := numbers(); !slices.Equal(got, step.want) {
			t.Errorf("after %d entries and %s there are checkpoints %v, want %v", step.entries, step.later, got, step.want)
		}
	}
	wantFound(t, f.verify(nil))
	newest := must(f.store.under.CheckpointBefore(t.Context(), 1_000_000))
	if !strings.Contains(log.String(), "checkpoint="+newest.String()+"\n") {
		t.Errorf("the log lacks %s: %s", newest, &log)
	}
}

// foreignLog is a service with another server key, and so many sealed entries.
func foreignLog(t testing.TB, n int) *service.Service {
	f := blankFixture(t)
	must(f.SetUp(t.Context(), firstRun))
	f.act(n - 1)
	f.seal()
	return f.Service
}
