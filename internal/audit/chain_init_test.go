package audit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// witness keeps a checkpoint in memory.
type memoryCheckpoints struct{ kept *account.Checkpoint }

func (w *memoryCheckpoints) Checkpoint() (account.Checkpoint, error) {
	if w.kept == nil {
		return account.Checkpoint{}, account.ErrNotFound
	}
	return *w.kept, nil
}

func (w *memoryCheckpoints) Keep(c account.Checkpoint) error {
	w.kept = &c
	return nil
}

// What somebody without the server key does to have it seal other entries.
const (
	unsealAll        = `UPDATE activity SET number = 0, key_id = '', seal = $1, actor_name = 'x'`
	clearChainEnds   = `UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`
	noCheckpoints    = `DELETE FROM activity_checkpoints`
	copyChainEnds    = `CREATE TABLE copy AS SELECT * FROM activity_chain`
	dropChainEnds    = `DELETE FROM activity_chain`
	restoreChainEnds = `INSERT INTO activity_chain SELECT * FROM copy`
	removeActivity   = `DELETE FROM activity`
)

// TestChainIsInitializedOnce: the chain cannot be had to begin anew with forged entries.
func TestChainIsInitializedOnce(t *testing.T) {
	f := newSealedLog(t, 20)
	tamper(f, unsealAll, clearChainEnds, noCheckpoints)
	if err := f.CheckKey(t.Context()); err != nil { // as at a start
		t.Fatal(err)
	}
	if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
		t.Errorf("the server seals forged entries: %v", err)
	}
	wantFindings(t, f.Verify(nil), "forged 0-0", "forged 0-0")
}

// TestCheckpointStore: signed ends of the beginning, copied then, do not help either, nor
// does an empty log with unsigned ones.
func TestCheckpointStore(t *testing.T) {
	for name, statements := range map[string][]string{
		"signed ends of the beginning": {unsealAll, noCheckpoints, dropChainEnds, restoreChainEnds},
		"nothing left":                 {removeActivity, noCheckpoints, clearChainEnds},
	} {
		t.Run(name, func(t *testing.T) {
			w := &memoryCheckpoints{}
			f := servicetest.New(t)
			f.Service = f.With(func(o *service.Options) { o.Checkpoints = w })
			tamper(f, copyChainEnds)
			insertEntries(f, 20)
			f.Seal()
			if w.kept == nil || w.kept.Number != 21 {
				t.Fatalf("it keeps %v", w.kept)
			}
			insertEntries(f, 5)
			f.Seal()
			tamper(f, statements...)
			if err := f.CheckKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			insertEntries(f, 1)
			if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("the server seals what was set back: %v", err)
			}
			if r := f.Verify(w.kept); r.FindingCount == 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestCheckpointStoreOfIntactLog: sealing goes on beside it, and behind retention.
func TestCheckpointStoreOfIntactLog(t *testing.T) {
	w := &memoryCheckpoints{}
	f := servicetest.New(t)
	f.Service = f.With(func(o *service.Options) { o.Checkpoints = w })
	insertEntries(f, 3000)
	f.Seal()
	wantFindings(t, f.Verify(w.kept))
	f.Clock.Advance(2 * defaultRetention)
	sweepNow(f)
	insertEntries(f, 1)
	f.Seal()
	if w.kept.Number != 3002 {
		t.Errorf("it keeps %v", w.kept)
	}
	f.Clock.Advance(time.Minute)
	insertEntries(f, 1)
	f.Seal()
	wantFindings(t, f.Verify(w.kept))
}

// TestUpgradedChain: a database from before there was an activity log begins its
// chain at the next start.
func TestUpgradedChain(t *testing.T) {
	f := servicetest.New(t)
	tamper(f, removeActivity, clearChainEnds)
	if err := f.CheckKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	insertEntries(f, 3)
	f.Seal()
	wantFindings(t, f.Verify(nil))
}
