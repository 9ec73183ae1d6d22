package service_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// witness keeps a checkpoint in memory.
type witness struct{ kept *account.Checkpoint }

func (w *witness) Checkpoint() (account.Checkpoint, error) {
	if w.kept == nil {
		return account.Checkpoint{}, account.ErrNotFound
	}
	return *w.kept, nil
}

func (w *witness) Keep(c account.Checkpoint) error {
	w.kept = &c
	return nil
}

// What somebody without the server key does to have it seal other entries.
const (
	unsealAll      = `UPDATE activity SET number = 0, key_id = '', seal = $1, actor_name = 'x'`
	emptyEnds      = `UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`
	noCheckpoints  = `DELETE FROM activity_checkpoints`
	copyOfEnds     = `CREATE TABLE copy AS SELECT * FROM activity_chain`
	dropEnds       = `DELETE FROM activity_chain`
	restoreEnds    = `INSERT INTO activity_chain SELECT * FROM copy`
	removeActivity = `DELETE FROM activity`
)

// TestChainBeginsOnce: the chain cannot be had to begin anew with forged entries.
func TestChainBeginsOnce(t *testing.T) {
	f := sealedLog(t, 20)
	f.tamper(unsealAll, emptyEnds, noCheckpoints)
	if err := f.CheckKey(t.Context()); err != nil { // as at a start
		t.Fatal(err)
	}
	if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
		t.Errorf("the server seals forged entries: %v", err)
	}
	wantFound(t, f.verify(nil), "forged 0-0", "forged 0-0")
}

// TestWitness: signed ends of the beginning, copied then, do not help either, nor
// does an empty log with unsigned ones.
func TestWitness(t *testing.T) {
	for name, statements := range map[string][]string{
		"signed ends of the beginning": {unsealAll, noCheckpoints, dropEnds, restoreEnds},
		"nothing left":                 {removeActivity, noCheckpoints, emptyEnds},
	} {
		t.Run(name, func(t *testing.T) {
			w := &witness{}
			f := newFixture(t)
			f.Service = f.with(func(o *service.Options) { o.Checkpoints = w })
			f.tamper(copyOfEnds)
			f.act(20)
			f.seal()
			if w.kept == nil || w.kept.Number != 21 {
				t.Fatalf("it keeps %v", w.kept)
			}
			f.act(5)
			f.seal()
			f.tamper(statements...)
			if err := f.CheckKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.act(1)
			if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("the server seals what was set back: %v", err)
			}
			if r := f.verify(w.kept); r.FindingCount == 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestWitnessOfAnHonestLog: sealing goes on beside it, and behind retention.
func TestWitnessOfAnHonestLog(t *testing.T) {
	w := &witness{}
	f := newFixture(t)
	f.Service = f.with(func(o *service.Options) { o.Checkpoints = w })
	f.act(3000)
	f.seal()
	wantFound(t, f.verify(w.kept))
	f.clock.advance(2 * year)
	f.sweep()
	f.act(1)
	f.seal()
	if w.kept.Number != 3002 {
		t.Errorf("it keeps %v", w.kept)
	}
	f.clock.advance(time.Minute)
	f.act(1)
	f.seal()
	wantFound(t, f.verify(w.kept))
}

// TestUpgradedChain: a database from before there was an activity log begins its
// chain at the next start.
func TestUpgradedChain(t *testing.T) {
	f := newFixture(t)
	f.tamper(removeActivity, emptyEnds)
	if err := f.CheckKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.act(3)
	f.seal()
	wantFound(t, f.verify(nil))
}
