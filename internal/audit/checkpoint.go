package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Purposes of the server key. What is signed for one is not good for another: a
// checkpoint cannot be put in the place of an anchor.
const (
	sealPurpose       = "activity"
	checkpointPurpose = "activity-checkpoint"
)

// purpose returns that of an end of the chain.
func endPurpose(e account.ChainEnd) string { return "activity-" + string(e) }

// sign returns the checkpoint with its signature.
func (s *Log) sign(purpose string, c account.Checkpoint) account.Checkpoint {
	c.Signature = s.keys.Sign(purpose, checkpointInput(c))
	return c
}

// signed reports whether the server key has signed the checkpoint.
func (s *Log) signed(purpose string, c account.Checkpoint) bool {
	return s.keys.Verify(purpose, checkpointInput(c), c.Signature)
}

// text is what a signature is over. Nothing follows the seal, so that two
// checkpoints never have the same.
func checkpointInput(c account.Checkpoint) []byte {
	text := binary.BigEndian.AppendUint64(nil, uint64(c.Number))
	text = binary.BigEndian.AppendUint64(text, uint64(c.At.UnixMicro()))
	return append(text, c.Seal...)
}

// ActivityCheckpoint makes a checkpoint of the activity log as it is now, to be
// kept elsewhere. It fails with [ErrNothingSealed] and [ErrActivityChanged].
func (s *Log) ActivityCheckpoint(ctx context.Context) (account.Checkpoint, error) {
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if err = s.CheckEnd(account.ChainHead, head, err); err != nil {
		return account.Checkpoint{}, err
	}
	if head.Number == 0 {
		return account.Checkpoint{}, account.ErrNothingSealed
	}
	head.At = s.now()
	return s.sign(checkpointPurpose, head), nil
}

// checkEnd gives the reading of an end of the chain its meaning: one that is not
// there, or not signed, was changed.
func (s *Log) CheckEnd(end account.ChainEnd, c account.Checkpoint, err error) error {
	switch {
	case errors.Is(err, account.ErrNotFound):
		return fmt.Errorf("%w (its %s is gone)", account.ErrActivityChanged, end)
	case err != nil:
		return err
	case !s.signed(endPurpose(end), c):
		return fmt.Errorf("%w (its %s is not signed by this server)", account.ErrActivityChanged, end)
	}
	return nil
}
