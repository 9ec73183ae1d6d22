package audit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// memoryCheckpoints is an [audit.CheckpointStore] that keeps the checkpoint in memory.
type memoryCheckpoints struct{ last *account.Checkpoint }

func (m *memoryCheckpoints) Checkpoint() (account.Checkpoint, error) {
	if m.last == nil {
		return account.Checkpoint{}, account.ErrNotFound
	}
	return *m.last, nil
}

func (m *memoryCheckpoints) Keep(c account.Checkpoint) error {
	m.last = &c
	return nil
}

// SQL statements of an attacker who can write to the database but doesn't have the server key.
// The attacker wants the server to seal forged entries.
const (
	unsealAll        = `UPDATE activity SET number = 0, key_id = '', seal = $1, actor_name = 'x'`
	clearChainEnds   = `UPDATE activity_chain SET number = 0, at = 0, seal = $1, key_id = '', mac = $1`
	noCheckpoints    = `DELETE FROM activity_checkpoints`
	copyChainEnds    = `CREATE TABLE copy AS SELECT * FROM activity_chain`
	dropChainEnds    = `DELETE FROM activity_chain`
	restoreChainEnds = `INSERT INTO activity_chain SELECT * FROM copy`
	removeActivity   = `DELETE FROM activity`
)

// An attacker can't make the server initialize the chain again and seal forged entries.
func TestChainIsInitializedOnce(t *testing.T) {
	f := newSealedLog(t, 20)
	tamper(f, unsealAll, clearChainEnds, noCheckpoints)
	if err := f.CheckKey(t.Context()); err != nil { // a server calls this when it starts
		t.Fatal(err)
	}
	if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
		t.Errorf("the server seals forged entries: %v", err)
	}
	wantFindings(t, f.Verify(nil), "forged 0-0", "forged 0-0")
}

// With a checkpoint store, the server also detects two attacks on the ends of the chain: an old
// copy of the signed ends, and an empty log whose ends are unsigned.
func TestCheckpointStore(t *testing.T) {
	for name, statements := range map[string][]string{
		"signed ends of the beginning": {unsealAll, noCheckpoints, dropChainEnds, restoreChainEnds},
		"nothing left":                 {removeActivity, noCheckpoints, clearChainEnds},
	} {
		t.Run(name, func(t *testing.T) {
			checkpoints := &memoryCheckpoints{}
			f := servicetest.New(t)
			f.Service = f.With(func(o *service.Options) { o.Checkpoints = checkpoints })
			tamper(f, copyChainEnds)
			insertEntries(f, 20)
			f.Seal()
			if checkpoints.last == nil || checkpoints.last.Number != 21 {
				t.Fatalf("the store keeps %v, want checkpoint 21", checkpoints.last)
			}
			insertEntries(f, 5)
			f.Seal()
			tamper(f, statements...)
			if err := f.CheckKey(t.Context()); err != nil {
				t.Fatal(err)
			}
			insertEntries(f, 1)
			if err := f.SealActivity(t.Context()); !errors.Is(err, account.ErrActivityChanged) {
				t.Errorf("the server seals a rewound log: %v", err)
			}
			if r := f.Verify(checkpoints.last); r.FindingCount == 0 {
				t.Errorf("the verification has no findings: %+v", r)
			}
		})
	}
}

// With a checkpoint store, the server seals an intact log as it does without one, even after
// retention has removed entries.
func TestCheckpointStoreOfIntactLog(t *testing.T) {
	checkpoints := &memoryCheckpoints{}
	f := servicetest.New(t)
	f.Service = f.With(func(o *service.Options) { o.Checkpoints = checkpoints })
	insertEntries(f, 3000)
	f.Seal()
	wantFindings(t, f.Verify(checkpoints.last))
	f.Clock.Advance(2 * defaultRetention)
	sweepNow(f)
	insertEntries(f, 1)
	f.Seal()
	if checkpoints.last.Number != 3002 {
		t.Errorf("the store keeps %v, want checkpoint 3002", checkpoints.last)
	}
	f.Clock.Advance(time.Minute)
	insertEntries(f, 1)
	f.Seal()
	wantFindings(t, f.Verify(checkpoints.last))
}

// In a database that was created before Usher had an activity log, the server initializes the
// chain when it starts.
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
