package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// endPurpose returns the purpose of signatures of an end of the chain. A signature is valid for one
// purpose only, so an attacker can't use the signature of a checkpoint for an end.
func endPurpose(end account.ChainEnd) keyring.Purpose {
	if end == account.ChainAnchor {
		return keyring.ActivityAnchor
	}
	return keyring.ActivityHead
}

// sign signs c for a purpose with the server key keyID, and returns it with the signature.
func (s *Log) sign(keyID string, purpose keyring.Purpose, c account.Checkpoint) (account.Checkpoint, error) {
	var err error
	c.Signature, err = s.keys.Sign(keyID, purpose, checkpointInput(c))
	return c, err
}

// saveEnd signs an end of the chain with the server key keyID and stores it.
func (s *Log) saveEnd(
	ctx context.Context, tx *account.Tx, keyID string, end account.ChainEnd, c account.Checkpoint,
) error {
	signed, err := s.sign(keyID, endPurpose(end), c)
	if err != nil {
		return err
	}
	return tx.SaveChainEnd(ctx, end, signed)
}

// isSigned reports whether the server key signed c for this purpose.
func (s *Log) isSigned(purpose keyring.Purpose, c account.Checkpoint) bool {
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
	return s.sign(s.keys.Primary(), keyring.ActivityCheckpoint, head)
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

// readEnd reads an end of the chain in a transaction that has locked the chain, and verifies it. It
// fails as [Log.verifyEnd] does, and also when a former server key signed the end: a holder of that
// key could otherwise replace the chain during a rotation.
func (s *Log) readEnd(ctx context.Context, tx *account.Tx, end account.ChainEnd) (account.Checkpoint, error) {
	c, err := tx.ChainEnd(ctx, end)
	return c, s.verifyCurrentEnd(ctx, tx, end, c, err)
}

// lockHead locks the chain and returns its head. It fails as [Log.readEnd] does.
func (s *Log) lockHead(ctx context.Context, tx *account.Tx) (account.Checkpoint, error) {
	head, err := tx.LockChain(ctx)
	return head, s.verifyCurrentEnd(ctx, tx, account.ChainHead, head, err)
}

// verifyCurrentEnd is [Log.verifyEnd], and also fails when a former server key signed the end.
func (s *Log) verifyCurrentEnd(
	ctx context.Context, tx *account.Tx, end account.ChainEnd, c account.Checkpoint, readErr error,
) error {
	if err := s.verifyEnd(end, c, readErr); err != nil {
		return err
	}
	keyID, err := tx.SealingKey(ctx)
	if err == nil && c.Signature.KeyID != keyID {
		err = formerKeyError(end)
	}
	return err
}

// formerKeyError returns the error for an end of the chain that a former server key signed.
func formerKeyError(end account.ChainEnd) error {
	return fmt.Errorf("%w (the %s of its chain is signed with a former server key)", account.ErrActivityChanged, end)
}
