package audit_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/audit"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestExternalCheckpoint(t *testing.T) {
	f := newSealedLog(t, 10)
	good := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	parsed, err := account.ParseCheckpoint(" " + good.String() + "\n")
	if err != nil || parsed.String() != good.String() {
		t.Errorf("the checkpoint is parsed as %v, %v", parsed, err)
	}
	for _, text := range []string{
		"", "x", "1/2/3/4/5", "0" + good.String()[2:], good.String() + "/", strings.Replace(good.String(), "/", "x/", 1),
	} {
		if c, err := account.ParseCheckpoint(text); err == nil && c.Number == good.Number {
			t.Errorf("%q is parsed as %v", text, c)
		}
	}

	edited := good
	edited.Number--
	wantFindings(t, f.Verify(&edited), "forged 0-0")

	foreign := servicetest.Must(foreignLog(t, 10).ActivityCheckpoint(t.Context()))
	wantFindings(t, f.Verify(&foreign), "forged 0-0")

	twin := newSealedLog(t, 1) // another database whose server has the same key
	twin.Clock.Advance(time.Second)
	insertEntries(twin, 9)
	twin.Seal()
	other := servicetest.Must(twin.ActivityCheckpoint(t.Context()))
	wantFindings(t, f.Verify(&other), "replaced 10-10")

	empty := servicetest.New(t)
	if _, err := empty.ActivityCheckpoint(t.Context()); err != account.ErrNothingSealed {
		t.Errorf("the checkpoint of an unsealed log: %v, want ErrNothingSealed", err)
	}
}

// A rotation of the server key seals all entries again. The log is then verified with the new key
// alone, and compared with checkpoints from before.
func TestRotatedServerKey(t *testing.T) {
	old, next := servicetest.NewKeyText(), servicetest.NewKeyText()
	f, kept := servicetest.NewWithKey(t, old), &memoryCheckpoints{}
	f.Options.Checkpoints = kept
	insertEntries(f, 9)
	f.Service = f.WithKeys(old)
	f.Seal()
	newest := *kept.last // the server keeps this one in the database too
	insertEntries(f, 5)
	f.Seal()
	elsewhere := servicetest.Must(f.ActivityCheckpoint(t.Context()))
	other := servicetest.Must(foreignLog(t, 15).ActivityCheckpoint(t.Context()))
	both := f.WithKeys(old + next)
	if _, err := f.Rotate(both, service.KeyRotation{External: &elsewhere}, nil); err != nil {
		t.Fatal(err)
	}
	wantFindings(t, servicetest.Must(f.WithKeys(old+next).VerifyActivity(t.Context(), nil, nil)))

	f.Service = f.WithKeys(next)
	if kept.last.String() != newest.String() {
		t.Error("the rotation has written the checkpoint of a server")
	}
	f.Seal() // a server that was off during the rotation starts, and writes its checkpoint again
	if kept.last.Number != newest.Number || kept.last.Signature.KeyID == newest.Signature.KeyID {
		t.Errorf("the checkpoint of the server is %v", kept.last)
	}
	for _, test := range []struct {
		name     string
		external account.Checkpoint
		compared audit.Comparison
		findings []string
	}{
		{"that of the server", *kept.last, audit.ComparedEqual, nil},
		{"that of the server, from before", newest, audit.ComparedEqual, nil},
		{"one that was only kept elsewhere", elsewhere, audit.ComparedRetired, nil},
		{"that of another server", other, audit.ComparedDifferent, []string{"forged 0-0"}},
	} {
		r := f.Verify(&test.external)
		wantFindings(t, r, test.findings...)
		if r.Compared != test.compared || r.Verified < 15 {
			t.Errorf("%s: the report is %+v", test.name, r)
		}
	}

	// The end of the log is cut off. The checkpoint of the server from before the rotation shows it.
	tamper(f, `DELETE FROM activity WHERE number > 8`, `DELETE FROM activity_checkpoints`)
	if r := f.Verify(&newest); r.Compared != audit.ComparedDifferent {
		t.Errorf("a cut-off end: %+v", r)
	}
	insertEntries(f, 1)
	if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
		t.Errorf("seal after a cut-off end: %v", err)
	}
}

// While the chain is sealed again, retention removes nothing, and servers seal new entries.
func TestRetentionDuringRotation(t *testing.T) {
	old, next := servicetest.NewKeyText(), servicetest.NewKeyText()
	f := servicetest.NewWithKey(t, old)
	insertEntries(f, 9)
	f.Seal()
	f.Clock.Advance(366 * 24 * time.Hour)
	both, waits := f.WithKeys(old+next), 0
	server := f.WithKeys(old + next)
	_, err := f.Rotate(both, service.KeyRotation{}, func() {
		if waits++; waits <= 10 { // servers have not answered yet
			return
		}
		if err := errors.Join(
			server.RefreshKeys(t.Context()), server.SweepActivity(t.Context()), server.SealActivity(t.Context()),
		); err != nil {
			t.Error(err)
		}
		if r := servicetest.Must(server.VerifyActivity(t.Context(), nil, nil)); r.Anchor.Number != 0 || r.Verified != 11 {
			t.Errorf("during the rotation: %+v", r)
		}
	})
	if err != nil || waits <= 10 {
		t.Fatalf("got %v after waiting %d times", err, waits)
	}
	f.Service = f.WithKeys(next)
	f.Seal()
	if err := f.SweepActivity(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := f.Verify(nil)
	wantFindings(t, r)
	if r.Anchor.Number != 10 {
		t.Errorf("retention after the rotation: %+v", r)
	}
}

func TestCheckpoints(t *testing.T) {
	f := servicetest.New(t)
	var log bytes.Buffer
	s := f.With(func(o *service.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	numbers := func() (list []int64) {
		t.Helper()
		if err := s.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, c := range servicetest.Must(f.Store.Inner.Checkpoints(t.Context(), 0, 1_000_000, 100)) {
			list = append(list, c.Number)
		}
		return list
	}
	for _, step := range []struct {
		entries int
		advance time.Duration
		want    []int64
	}{
		{4, 0, []int64{5}},
		{5, 0, []int64{5}},
		{2500, 0, []int64{5, 1005, 2005}},
		{0, time.Hour, []int64{5, 1005, 2005, 2510}},
		{0, time.Hour, []int64{5, 1005, 2005, 2510}},
		{1, 0, []int64{5, 1005, 2005, 2510, 2511}},
	} {
		insertEntries(f, step.entries)
		f.Clock.Advance(step.advance)
		if got := numbers(); !slices.Equal(got, step.want) {
			t.Errorf("after %d entries and %s there are checkpoints %v, want %v", step.entries, step.advance, got, step.want)
		}
	}
	wantFindings(t, f.Verify(nil))
	newest := servicetest.Must(f.Store.Inner.CheckpointBefore(t.Context(), 1_000_000))
	if !strings.Contains(log.String(), "checkpoint="+newest.String()+"\n") {
		t.Errorf("the log has no line with the checkpoint %s: %s", newest, &log)
	}
}

// foreignLog returns a service that has another server key and n sealed entries.
func foreignLog(t testing.TB, n int) *service.Service {
	f := servicetest.NewBlank(t)
	servicetest.Must(f.SetUp(t.Context(), servicetest.FirstRun()))
	insertEntries(f, n-1)
	f.Seal()
	return f.Service
}
