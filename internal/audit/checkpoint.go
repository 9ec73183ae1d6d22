package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Purposes of signatures with the server key. A signature is valid for one purpose only. So an
// attacker can't use the signature of a checkpoint for an end of the chain.
const (
	sealPurpose       = "activity"
	checkpointPurpose = "activity-checkpoint"
)

// endPurpose returns the purpose of signatures of an end of the chain.
func endPurpose(end account.ChainEnd) string { return "activity-" + string(end) }

// sign signs c for a purpose and returns it with the signature.
func (s *Log) sign(purpose string, c account.Checkpoint) account.Checkpoint {
	c.Signature = s.keys.Sign(purpose, checkpointInput(c))
	return c
}

// isSigned reports whether the server key signed c for this purpose.
func (s *Log) isSigned(purpose string, c account.Checkpoint) bool {
	return s.keys.Verify(purpose, checkpointInput(c), c.Signature)
}

// checkpointInput returns the bytes of a checkpoint that are signed: number, time and seal.
// Number and time have a fixed length and the seal comes last, so different checkpoints have
// different bytes.
func checkpointInput(c account.Checkpoint) []byte {
	input := binary.BigEndian.AppendUint64(nil, uint64(c.Number))
	input = binary.BigEndian.AppendUint64(input, uint64(c.At.UnixMicro()))
	return append(input, c.Seal...)
}

// ActivityCheckpoint returns a new checkpoint of the activity log, for keeping outside the
// database. It fails with [account.ErrNothingSealed] when no entry is sealed yet, and with
// [account.ErrActivityChanged] when somebody tampered with the head of the chain.
func (s *Log) ActivityCheckpoint(ctx context.Context) (account.Checkpoint, error) {
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if err = s.verifyEnd(account.ChainHead, head, err); err != nil {
		return account.Checkpoint{}, err
	}
	if head.Number == 0 {
		return account.Checkpoint{}, account.ErrNothingSealed
	}
	head.At = s.now()
	return s.sign(checkpointPurpose, head), nil
}

// verifyEnd verifies the first or the last end of the chain. c and readErr are the results of
// reading that end. verifyEnd fails with [account.ErrActivityChanged] when the end is missing, as
// readErr tells, or when the server key didn't sign it. It returns any other readErr unchanged.
func (s *Log) verifyEnd(end account.ChainEnd, c account.Checkpoint, readErr error) error {
	switch {
	case errors.Is(readErr, account.ErrNotFound):
		return fmt.Errorf("%w (the %s of its chain is missing)", account.ErrActivityChanged, end)
	case readErr != nil:
		return readErr
	case !s.isSigned(endPurpose(end), c):
		return fmt.Errorf("%w (the %s of its chain is not signed by this server)", account.ErrActivityChanged, end)
	}
	return nil
}
