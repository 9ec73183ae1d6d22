package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

const (
	// maxBatchEntries limits the entries that one transaction seals or removes, so that sign-ins
	// don't wait long for it.
	maxBatchEntries = 1000
	// maxBatchBytes is the size of changes, in bytes, after which a transaction seals no more
	// entries.
	maxBatchBytes = 4 << 20
	// maxBatchTime is the duration after which a transaction seals no more entries. Each entry takes
	// a round trip to the database, and a long transaction is cancelled.
	maxBatchTime = time.Second

	// checkpointEntries is the number of entries between two checkpoints.
	checkpointEntries = maxBatchEntries
	// checkpointInterval is the time after which a checkpoint is created for fewer entries.
	checkpointInterval = time.Hour
)

// SealActivity merges the failed sign-ins of past minutes into entries, gives every committed entry
// its number and its seal, and creates checkpoints. Call it at least once a second. Without pending
// work it only makes a few small reads. Several servers may call it concurrently.
//
// It fails with [account.ErrActivityChanged], and seals no more, when this server didn't sign an end
// of the chain. It does so too when the log doesn't continue from the checkpoint outside the
// database.
func (s *Log) SealActivity(ctx context.Context) error {
	if err := s.mergeFailedSignIns(ctx); err != nil {
		return err
	}
	for {
		due, err := s.isSealDue(ctx)
		if err != nil || !due {
			return err
		}
		if err := s.checkExternalCheckpoint(ctx); err != nil {
			return err
		}
		var checkpoint *account.Checkpoint
		err = s.store.Write(ctx, func(ctx context.Context, tx *account.Tx) (err error) {
			checkpoint, err = s.sealBatch(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		if checkpoint != nil {
			s.log.InfoContext(ctx, "created a checkpoint of the activity log", "checkpoint", checkpoint.String())
			if err := s.saveCheckpoint(*checkpoint); err != nil {
				return err
			}
		}
	}
}

// isSealDue reports whether there is an entry to seal or a checkpoint to create.
func (s *Log) isSealDue(ctx context.Context) (bool, error) {
	unsealed, err := s.store.UnsealedActivity(ctx, 1)
	if err != nil || len(unsealed) > 0 {
		return err == nil, err
	}
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if err != nil {
		return false, s.verifyEnd(account.ChainHead, head, err)
	}
	last, err := lastCheckpoint(ctx, s.store, head)
	return isCheckpointDue(head, last, s.now()), err
}

// lastCheckpoint returns the newest checkpoint up to the head, or the anchor when there is none.
func lastCheckpoint(
	ctx context.Context, r account.ActivityReader, head account.Checkpoint,
) (account.Checkpoint, error) {
	last, err := r.CheckpointBefore(ctx, head.Number)
	if errors.Is(err, account.ErrNotFound) {
		return r.ChainEnd(ctx, account.ChainAnchor)
	}
	return last, err
}

// isCheckpointDue reports whether a checkpoint of the head is due after the last one.
func isCheckpointDue(head, last account.Checkpoint, now time.Time) bool {
	since := head.Number - last.Number
	return since >= checkpointEntries || since > 0 && now.Sub(last.At) >= checkpointInterval
}

// sealBatch seals the next entries. It returns the checkpoint that is due after them, or nil.
func (s *Log) sealBatch(ctx context.Context, tx *account.Tx) (*account.Checkpoint, error) {
	head, err := tx.LockChain(ctx)
	if err = s.verifyEnd(account.ChainHead, head, err); err != nil {
		return nil, err
	}
	last, err := lastCheckpoint(ctx, tx, head)
	if err != nil {
		return nil, err
	}
	limit := checkpointEntries - (head.Number - last.Number)
	if limit < 1 { // a checkpoint was deleted
		limit = checkpointEntries
	}
	now, before := s.now(), head.Number
	if head, err = s.sealEntries(ctx, tx, head, int(limit), now); err != nil {
		return nil, err
	}
	if head.Number > before {
		if err := tx.SaveChainEnd(ctx, account.ChainHead, s.sign(endPurpose(account.ChainHead), head)); err != nil {
			return nil, err
		}
	}
	if !isCheckpointDue(head, last, now) {
		return nil, nil
	}
	checkpoint := s.sign(checkpointPurpose, account.Checkpoint{Number: head.Number, At: now, Seal: head.Seal})
	return &checkpoint, tx.SaveCheckpoint(ctx, checkpoint)
}

// sealEntries seals the next entries after the head and returns the new head. It seals at most limit
// entries, and stops after maxBatchBytes or maxBatchTime.
func (s *Log) sealEntries(
	ctx context.Context, tx *account.Tx, head account.Checkpoint, limit int, now time.Time,
) (account.Checkpoint, error) {
	began, size := s.monotonic(), 0
	for limit > 0 {
		entries, err := tx.UnsealedActivity(ctx, min(limit, readBatch))
		if err != nil || len(entries) == 0 {
			return head, err
		}
		for _, e := range entries {
			e.Number = head.Number + 1
			signature := s.keys.Sign(sealPurpose, entryInput(e, head.Seal))
			e.KeyID, e.Seal = signature.KeyID, signature.MAC
			if err := tx.SealActivity(ctx, e); err != nil {
				return head, err
			}
			head.Number, head.At, head.Seal = e.Number, now, e.Seal
			size += len(e.ChangesText)
			limit--
			if size >= maxBatchBytes || s.monotonic().Sub(began) >= maxBatchTime {
				return head, nil // at least one is sealed, so the next transaction makes progress too
			}
		}
	}
	return head, nil
}

// isSealed reports whether the entry's seal is valid after the seal of the previous entry.
func (s *Log) isSealed(e account.StoredActivity, previous []byte) bool {
	signature := keyring.Signature{KeyID: e.KeyID, MAC: e.Seal}
	return s.keys.Verify(sealPurpose, entryInput(e, previous), signature)
}

// entryInput returns the bytes that the seal of an entry covers: the previous seal and every stored
// field of the entry. A length precedes each text, so different entries have different bytes.
func entryInput(e account.StoredActivity, previous []byte) []byte {
	input := make([]byte, 0, 512)
	appendNumber := func(n int64) { input = binary.BigEndian.AppendUint64(input, uint64(n)) }
	appendText := func(s string) {
		appendNumber(int64(len(s)))
		input = append(input, s...)
	}
	appendText(string(previous))
	appendNumber(e.Number)
	appendNumber(e.ID)
	appendNumber(e.At.UnixMicro())
	appendNumber(e.Actor.ID)
	appendText(e.Actor.Name)
	appendText(string(e.Actor.Credential.Kind))
	appendNumber(e.Actor.Credential.ID)
	appendText(e.Actor.ClientNetwork)
	appendText(string(e.Action))
	appendText(string(e.Target.Kind))
	appendNumber(e.Target.ID)
	appendText(e.Target.Name)
	appendText(e.ChangesText)
	appendNumber(int64(e.Count))
	return input
}
