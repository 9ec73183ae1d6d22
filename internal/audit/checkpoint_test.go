package audit_test

import (
	"bytes"
	"log/slog"
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

// After a change of the server key, entries that the old key sealed still verify.
func TestRotatedServerKey(t *testing.T) {
	old, next := servicetest.Must(keyring.Generate(rand32{})), servicetest.Must(keyring.Generate(rand32{7}))
	f := servicetest.NewBlank(t)
	with := func(ring string) *service.Service {
		return f.With(func(o *service.Options) { o.Keys = servicetest.Must(keyring.Parse(ring)) })
	}
	servicetest.Must(with(old).SetUp(t.Context(), servicetest.FirstRun()))
	seal := func(s *service.Service) {
		insertEntries(f, 3)
		if err := s.SealActivity(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	seal(with(old))
	external := servicetest.Must(with(old).ActivityCheckpoint(t.Context()))
	both := with(next + old)
	seal(both)
	r := servicetest.Must(both.VerifyActivity(t.Context(), &external, nil))
	wantFindings(t, r)
	if r.Verified != 7 || r.Compared != audit.ComparedEqual {
		t.Errorf("the report is %+v", r)
	}
	r = servicetest.Must(with(next).VerifyActivity(t.Context(), nil, nil))
	wantFindings(t, r, "forged 0-0", "key 1-4", "forged 4-4")
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

// rand32 is a random source that always returns the same bytes: its own, then zeros.
type rand32 []byte

func (r rand32) Read(p []byte) (int, error) {
	clear(p)
	copy(p, r)
	return len(p), nil
}
