package audit

import (
	"context"
	"math"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// beginChain signs both ends of a chain of seals that has not begun: of a new
// database, and of one from before there was an activity log. An unsigned end is
// accepted never after, so that nobody can have the chain begin anew. It leaves
// alone what has an entry, a checkpoint, a signed end, or a witness.
func (s *Log) InitChain(ctx context.Context, tx account.Tx) error {
	head, err := tx.LockChain(ctx)
	if err != nil {
		return account.IgnoreNotFound(err) // whoever seals finds that it is gone
	}
	anchor, err := tx.ChainEnd(ctx, account.ChainAnchor)
	if err != nil {
		return account.IgnoreNotFound(err)
	}
	if !head.Unsigned() || !anchor.Unsigned() {
		return nil
	}
	begun, err := s.chainInitialized(ctx, tx)
	if err != nil || begun {
		return err
	}
	for _, end := range []account.ChainEnd{account.ChainAnchor, account.ChainHead} {
		if err := tx.SaveChainEnd(ctx, end, s.sign(endPurpose(end), account.Checkpoint{Seal: []byte{}})); err != nil {
			return err
		}
	}
	return nil
}

// chainBegun reports whether there is a trace of an earlier chain.
func (s *Log) chainInitialized(ctx context.Context, r account.Reader) (bool, error) {
	entries, err := r.Activity(ctx, account.ActivityQuery{Limit: 1})
	if err != nil || len(entries) > 0 {
		return true, err
	}
	checkpoints, err := r.Checkpoints(ctx, 0, math.MaxInt64, 1)
	if err != nil || len(checkpoints) > 0 {
		return true, err
	}
	kept, err := s.externalCheckpoint()
	return kept != nil, err
}
