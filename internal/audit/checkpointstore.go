package audit

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Witness keeps the newest checkpoint outside the database, where who writes to
// the database alone cannot change it. So it shows when the database was set back
// to an earlier state, the empty one among them.
type CheckpointStore interface {
	// Checkpoint fails with ErrNotFound when none was kept yet.
	Checkpoint() (account.Checkpoint, error)
	// Keep replaces the one before.
	Keep(account.Checkpoint) error
}

// keptCheckpoint returns the checkpoint of the witness, or nil.
func (s *Log) externalCheckpoint() (*account.Checkpoint, error) {
	if s.checkpoints == nil {
		return nil, nil
	}
	c, err := s.checkpoints.Checkpoint()
	if err != nil {
		return nil, account.IgnoreNotFound(err)
	}
	return &c, nil
}

// checkWitness fails with [ErrActivityChanged] unless the log goes on from the
// checkpoint of the witness, or retention has removed its entry. It reads the
// witness before the log, and the entry before the anchor, since servers may seal
// and remove meanwhile.
func (s *Log) checkExternalCheckpoint(ctx context.Context) error {
	kept, err := s.externalCheckpoint()
	if err != nil || kept == nil {
		return err
	}
	if !s.signed(checkpointPurpose, *kept) {
		return fmt.Errorf("%w (the checkpoint outside the database is not signed by this server)", account.ErrActivityChanged)
	}
	entries, err := s.store.SealedActivity(ctx, kept.Number, 0, 1)
	if err != nil || len(entries) > 0 && kept.Matches(entries[0].Number, entries[0].Seal) {
		return err
	}
	anchor, err := s.store.ChainEnd(ctx, account.ChainAnchor)
	if err = s.CheckEnd(account.ChainAnchor, anchor, err); err != nil {
		return err
	}
	if anchor.Number > kept.Number || kept.Matches(anchor.Number, anchor.Seal) {
		return nil
	}
	return fmt.Errorf("%w (it does not go on from the checkpoint outside the database, of number %d; it may be an older copy)",
		account.ErrActivityChanged, kept.Number)
}

// keep gives a new checkpoint to the witness.
func (s *Log) saveCheckpoint(c account.Checkpoint) error {
	if s.checkpoints == nil {
		return nil
	}
	if err := s.checkpoints.Keep(c); err != nil {
		return fmt.Errorf("keep the checkpoint of the activity log: %w", err)
	}
	return nil
}
