package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// CheckpointStore keeps the newest checkpoint outside the database, where an attacker who can
// write only to the database can't reach it. With it the server detects that the database was
// reset to an earlier state, even to an empty one.
type CheckpointStore interface {
	// Checkpoint returns the kept checkpoint. It fails with [account.ErrNotFound] before the
	// first Keep.
	Checkpoint() (account.Checkpoint, error)
	// Keep stores a checkpoint in place of the previous one.
	Keep(account.Checkpoint) error
}

// externalCheckpoint returns the checkpoint that is kept outside the database, or nil if there
// is none.
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

// checkExternalCheckpoint compares the log with the checkpoint outside the database. It succeeds
// when the log still has the checkpoint's entry, or retention has removed that entry. Otherwise
// it fails with [account.ErrActivityChanged].
//
// A rotation of the server key gives the entry another seal. checkExternalCheckpoint then stores
// the checkpoint again, as of that seal.
//
// Other servers may seal and remove entries at the same time. The order of the reads prevents
// false alarms: the external checkpoint first, then its entry, then the former checkpoints, then
// the anchor.
func (s *Log) checkExternalCheckpoint(ctx context.Context) error {
	external, err := s.externalCheckpoint()
	if err != nil || external == nil {
		return err
	}
	signed := s.isSigned(keyring.ActivityCheckpoint, *external)
	found, err := s.hasEntry(ctx, *external)
	if err != nil || found && signed {
		return err
	}
	current, err := s.currentCheckpoint(ctx, *external)
	if err == nil {
		if found, err = s.hasEntry(ctx, current); err != nil {
			return err
		}
		if found {
			return s.saveCheckpoint(current)
		}
	} else if !errors.Is(err, account.ErrNotFound) {
		return err
	}
	switch {
	case signed:
	case !s.keys.HasKey(external.Signature.KeyID):
		return fmt.Errorf("%w (the checkpoint outside the database is signed with the server key %s, "+
			"which this server does not have; if a rotation has retired that key, move the checkpoint away)",
			account.ErrActivityChanged, external.Signature.KeyID)
	default:
		return fmt.Errorf("%w (the checkpoint outside the database is not signed by this server)",
			account.ErrActivityChanged)
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

// hasEntry reports whether the log has the entry of a checkpoint, with its seal.
func (s *Log) hasEntry(ctx context.Context, c account.Checkpoint) (bool, error) {
	entries, err := s.store.SealedActivity(ctx, c.Number, 0, 1)
	return err == nil && len(entries) > 0 && c.Matches(entries[0].Number, entries[0].Seal), err
}

// saveCheckpoint replaces the checkpoint that is kept outside the database.
func (s *Log) saveCheckpoint(c account.Checkpoint) error {
	if s.checkpoints == nil {
		return nil
	}
	if err := s.checkpoints.Keep(c); err != nil {
		return fmt.Errorf("keep the checkpoint of the activity log: %w", err)
	}
	return nil
}
