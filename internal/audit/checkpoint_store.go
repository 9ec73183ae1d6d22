package audit

import (
	"context"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// CheckpointStore keeps the newest checkpoint outside the database, out of reach for an attacker who
// can write to the database only. The checkpoint reveals a database that was reset to an earlier
// state, an empty one included.
type CheckpointStore interface {
	// Checkpoint fails with [account.ErrNotFound] when none was kept yet.
	Checkpoint() (account.Checkpoint, error)
	// Keep replaces the kept checkpoint.
	Keep(account.Checkpoint) error
}

// externalCheckpoint returns the checkpoint outside the database, or nil.
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

// checkExternalCheckpoint fails with [account.ErrActivityChanged] unless the log continues from the
// checkpoint outside the database, or retention has removed the checkpoint's entry.
//
// Other servers may seal and remove entries meanwhile. It therefore reads that checkpoint before the
// log, and the entry before the anchor.
func (s *Log) checkExternalCheckpoint(ctx context.Context) error {
	external, err := s.externalCheckpoint()
	if err != nil || external == nil {
		return err
	}
	if !s.isSigned(checkpointPurpose, *external) {
		return fmt.Errorf("%w (the checkpoint outside the database is not signed by this server)",
			account.ErrActivityChanged)
	}
	entries, err := s.store.SealedActivity(ctx, external.Number, 0, 1)
	if err != nil || len(entries) > 0 && external.Matches(entries[0].Number, entries[0].Seal) {
		return err
	}
	anchor, err := s.store.ChainEnd(ctx, account.ChainAnchor)
	if err = s.verifyEnd(account.ChainAnchor, anchor, err); err != nil {
		return err
	}
	if anchor.Number > external.Number || external.Matches(anchor.Number, anchor.Seal) {
		return nil
	}
	return fmt.Errorf("%w (it does not continue from the checkpoint outside the database, number %d; "+
		"the database may be an older copy)", account.ErrActivityChanged, external.Number)
}

// saveCheckpoint keeps a new checkpoint outside the database.
func (s *Log) saveCheckpoint(c account.Checkpoint) error {
	if s.checkpoints == nil {
		return nil
	}
	if err := s.checkpoints.Keep(c); err != nil {
		return fmt.Errorf("keep the checkpoint of the activity log: %w", err)
	}
	return nil
}
