package account

import (
	"context"
	"errors"
	"math"
)

// unsigned reports whether nobody has signed this end of a chain, as the schema
// makes it.
func (c Checkpoint) unsigned() bool {
	return c.Number == 0 && len(c.Seal) == 0 && c.Signature.KeyID == "" && len(c.Signature.MAC) == 0
}

// beginChain signs both ends of a chain of seals that has not begun: of a new
// database, and of one from before there was an activity log. An unsigned end is
// accepted never after, so that nobody can have the chain begin anew. It leaves
// alone what has an entry, a checkpoint, a signed end, or a witness.
func (s *Service) initChain(ctx context.Context, tx Tx) error {
	head, err := tx.LockChain(ctx)
	if err != nil {
		return unlessNotFound(err) // whoever seals finds that it is gone
	}
	anchor, err := tx.ChainEnd(ctx, ChainAnchor)
	if err != nil {
		return unlessNotFound(err)
	}
	if !head.unsigned() || !anchor.unsigned() {
		return nil
	}
	begun, err := s.chainInitialized(ctx, tx)
	if err != nil || begun {
		return err
	}
	for _, end := range []ChainEnd{ChainAnchor, ChainHead} {
		if err := tx.SaveChainEnd(ctx, end, s.sign(endPurpose(end), Checkpoint{Seal: []byte{}})); err != nil {
			return err
		}
	}
	return nil
}

// chainBegun reports whether there is a trace of an earlier chain.
func (s *Service) chainInitialized(ctx context.Context, r Reader) (bool, error) {
	entries, err := r.Activity(ctx, ActivityQuery{Limit: 1})
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

func unlessNotFound(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
