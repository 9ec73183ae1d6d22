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
	// maxBatchEntries limits the entries that one transaction seals or removes. While the
	// transaction runs, sign-ins may have to wait for it.
	maxBatchEntries = 1000
	// maxBatchBytes limits a transaction. After this size of changes, in bytes, it seals no more
	// entries.
	maxBatchBytes = 4 << 20
	// maxBatchTime limits a transaction. After this time it seals no more entries. Each entry
	// takes a round trip to the database, and a transaction that takes too long is cancelled.
	maxBatchTime = time.Second

	// checkpointEntries is the number of entries between two checkpoints.
	checkpointEntries = maxBatchEntries
	// checkpointInterval is the time after which a checkpoint is made even for fewer entries.
	checkpointInterval = time.Hour
)

// SealActivity merges the failed sign-ins and the refused reads of past minutes into entries. It
// gives every committed entry a number and a seal, and creates checkpoints. Call it at least once a
// second. When nothing is pending, it makes only a few small reads. Several servers may call it
// concurrently.
//
// It fails with [account.ErrActivityChanged] and seals nothing more when an end of the chain is
// not signed by this server. It fails in the same way when the log doesn't continue from the
// checkpoint outside the database.
func (s *Log) SealActivity(ctx context.Context) error {
	if err := s.mergeFailedSignIns(ctx); err != nil {
		return err
	}
	if err := s.RecordRefusedReads(ctx, s.now().Truncate(refusedReadInterval)); err != nil {
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

// isSealDue reports whether there is an entry to seal or a checkpoint to make.
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

// lastCheckpoint returns the newest checkpoint up to the head, or the anchor if there is no
// checkpoint.
func lastCheckpoint(
	ctx context.Context, r account.ActivityReader, head account.Checkpoint,
) (account.Checkpoint, error) {
	last, err := r.CheckpointBefore(ctx, head.Number)
	if errors.Is(err, account.ErrNotFound) {
		return r.ChainEnd(ctx, account.ChainAnchor)
	}
	return last, err
}

// isCheckpointDue reports whether to make a checkpoint of the head. last is the checkpoint
// before.
func isCheckpointDue(head, last account.Checkpoint, now time.Time) bool {
	since := head.Number - last.Number
	return since >= checkpointEntries || since > 0 && now.Sub(last.At) >= checkpointInterval
}

// sealBatch seals the next entries. If a checkpoint is due after that, it saves and returns one.
func (s *Log) sealBatch(ctx context.Context, tx *account.Tx) (*account.Checkpoint, error) {
	head, err := s.lockHead(ctx, tx)
	if err != nil {
		return nil, err
	}
	keyID, err := tx.SealingKey(ctx)
	if err != nil {
		return nil, err
	}
	last, err := lastCheckpoint(ctx, tx, head)
	if err != nil {
		return nil, err
	}
	limit := checkpointEntries - (head.Number - last.Number)
	if limit < 1 { // only if somebody deleted a checkpoint
		limit = checkpointEntries
	}
	now, before := s.now(), head.Number
	if head, err = s.sealEntries(ctx, tx, keyID, head, int(limit), now); err != nil {
		return nil, err
	}
	if head.Number > before {
		if err := s.saveEnd(ctx, tx, keyID, account.ChainHead, head); err != nil {
			return nil, err
		}
	}
	if !isCheckpointDue(head, last, now) {
		return nil, nil
	}
	checkpoint, err := s.sign(keyID, keyring.ActivityCheckpoint,
		account.Checkpoint{Number: head.Number, At: now, Seal: head.Seal})
	if err != nil {
		return nil, err
	}
	return &checkpoint, tx.SaveCheckpoint(ctx, checkpoint)
}

// sealEntries seals the entries after the head with the server key keyID, and returns the new
// head. It seals at most limit entries, and stops early after maxBatchBytes or maxBatchTime.
func (s *Log) sealEntries(
	ctx context.Context, tx *account.Tx, keyID string, head account.Checkpoint, limit int, now time.Time,
) (account.Checkpoint, error) {
	began, size := s.monotonic(), 0
	for limit > 0 {
		entries, err := tx.UnsealedActivity(ctx, min(limit, readBatch))
		if err != nil || len(entries) == 0 {
			return head, err
		}
		for _, e := range entries {
			e.Number = head.Number + 1
			if e, err = s.sealEntry(keyID, e, head.Seal); err != nil {
				return head, err
			}
			if err := tx.SealActivity(ctx, e); err != nil {
				return head, err
			}
			head.Number, head.At, head.Seal = e.Number, now, e.Seal
			size += len(e.ChangesText)
			limit--
			if size >= maxBatchBytes || s.monotonic().Sub(began) >= maxBatchTime {
				return head, nil // at least one entry is sealed here, so every transaction makes progress
			}
		}
	}
	return head, nil
}

// sealEntry signs an entry with the server key keyID. previous is the seal of the entry before.
func (s *Log) sealEntry(
	keyID string, e account.StoredActivity, previous []byte,
) (account.StoredActivity, error) {
	signature, err := s.keys.Sign(keyID, keyring.ActivityEntry, entryInput(e, previous))
	e.KeyID, e.Seal = signature.KeyID, signature.MAC
	return e, err
}

// isSealed reports whether the seal of an entry is valid. previous is the seal of the entry
// before.
func (s *Log) isSealed(e account.StoredActivity, previous []byte) bool {
	signature := keyring.Signature{KeyID: e.KeyID, MAC: e.Seal}
	return s.keys.Verify(keyring.ActivityEntry, entryInput(e, previous), signature)
}

// entryInput returns the bytes that the seal of an entry signs: the previous seal and every
// stored field of the entry. The length of each text precedes the text, so different entries
// have different bytes.
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
