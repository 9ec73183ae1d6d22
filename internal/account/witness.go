package account

import (
	"context"
	"fmt"
)

// Witness keeps the newest checkpoint outside the database, where who writes to
// the database alone cannot change it. So it shows when the database was set back
// to an earlier state, the empty one among them.
type CheckpointStore interface {
	// Checkpoint fails with ErrNotFound when none was kept yet.
	Checkpoint() (Checkpoint, error)
	// Keep replaces the one before.
	Keep(Checkpoint) error
}

// keptCheckpoint returns the checkpoint of the witness, or nil.
func (s *Service) externalCheckpoint() (*Checkpoint, error) {
	if s.checkpoints == nil {
		return nil, nil
	}
	c, err := s.checkpoints.Checkpoint()
	if err != nil {
		return nil, unlessNotFound(err)
	}
	return &c, nil
}

// checkWitness fails with [ErrActivityChanged] unless the log goes on from the
// checkpoint of the witness, or retention has removed its entry. It reads the
// witness before the log, and the entry before the anchor, since servers may seal
// and remove meanwhile.
func (s *Service) checkExternalCheckpoint(ctx context.Context) error {
	kept, err := s.externalCheckpoint()
	if err != nil || kept == nil {
		return err
	}
	if !s.signed(checkpointPurpose, *kept) {
		return fmt.Errorf("%w (the checkpoint outside the database is not signed by this server)", ErrActivityChanged)
	}
	entries, err := s.store.SealedActivity(ctx, kept.Number, 0, 1)
	if err != nil || len(entries) > 0 && kept.same(entries[0].Number, entries[0].Seal) {
		return err
	}
	anchor, err := s.store.ChainEnd(ctx, ChainAnchor)
	if err = s.checkEnd(ChainAnchor, anchor, err); err != nil {
		return err
	}
	if anchor.Number > kept.Number || kept.same(anchor.Number, anchor.Seal) {
		return nil
	}
	return fmt.Errorf("%w (it does not go on from the checkpoint outside the database, of number %d; it may be an older copy)",
		ErrActivityChanged, kept.Number)
}

// keep gives a new checkpoint to the witness.
func (s *Service) saveCheckpoint(c Checkpoint) error {
	if s.checkpoints == nil {
		return nil
	}
	if err := s.checkpoints.Keep(c); err != nil {
		return fmt.Errorf("keep the checkpoint of the activity log: %w", err)
	}
	return nil
}
