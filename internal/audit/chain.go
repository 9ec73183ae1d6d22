package audit

import (
	"context"
	"math"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// InitChain signs both ends of an empty chain of seals: in a new database, and in one that was
// created before Usher had an activity log. It does nothing when an end is already signed, or
// when an entry or a checkpoint shows that the chain existed before.
//
// Usher rejects an unsigned end in all other cases, so an attacker can't restart the chain by
// clearing its ends.
func (s *Log) InitChain(ctx context.Context, tx *account.Tx) error {
	head, err := tx.LockChain(ctx)
	if err != nil {
		return account.IgnoreNotFound(err) // sealing reports that an end is missing
	}
	anchor, err := tx.ChainEnd(ctx, account.ChainAnchor)
	if err != nil {
		return account.IgnoreNotFound(err)
	}
	if !head.Unsigned() || !anchor.Unsigned() {
		return nil
	}
	existed, err := s.hasEarlierChain(ctx, tx)
	if err != nil || existed {
		return err
	}
	keyID, err := tx.SealingKey(ctx)
	if err != nil {
		return err
	}
	for _, end := range []account.ChainEnd{account.ChainAnchor, account.ChainHead} {
		if err := s.saveEnd(ctx, tx, keyID, end, account.Checkpoint{Seal: []byte{}}); err != nil {
			return err
		}
	}
	return nil
}

// hasEarlierChain reports whether there is an entry, or a checkpoint in the database or outside
// of it.
func (s *Log) hasEarlierChain(ctx context.Context, r account.ActivityReader) (bool, error) {
	entries, err := r.Activity(ctx, account.ActivityQuery{Limit: 1})
	if err != nil || len(entries) > 0 {
		return true, err
	}
	checkpoints, err := r.Checkpoints(ctx, 0, math.MaxInt64, 1)
	if err != nil || len(checkpoints) > 0 {
		return true, err
	}
	external, err := s.externalCheckpoint()
	return external != nil, err
}
