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
	// sealRows is how many entries one transaction seals or removes, so that no
	// sign-in waits long behind it, and how many are between two checkpoints.
	sealRows = 1000
	// sealBytes is after how many bytes of changes a transaction seals no more, so
	// that long entries do not keep it from ending.
	sealBytes = 4 << 20
	// sealWork is after how much time one seals no more: far from the database
	// each entry takes a journey, and a transaction that takes long is cut.
	sealWork = time.Second
	// checkpointTime is how long after the last checkpoint another is made, if
	// there were entries since.
	checkpointTime = time.Hour
)

// SealActivity tends the activity log: it merges the failed sign-ins of past
// minutes into entries, gives every entry that was committed its number and its
// seal, and makes checkpoints. Call it at least once a second; it reads a little
// and writes nothing when there is nothing to do. Several servers may call it at
// once. It fails with [ErrActivityChanged] rather than going on from an end of
// the chain that somebody has forged, or that the witness contradicts.
func (s *Log) SealActivity(ctx context.Context) error {
	if err := s.mergeFailedSignIns(ctx); err != nil {
		return err
	}
	for {
		due, err := s.sealDue(ctx)
		if err != nil || !due {
			return err
		}
		if err := s.checkExternalCheckpoint(ctx); err != nil {
			return err
		}
		var made *account.Checkpoint
		err = s.store.Write(ctx, func(ctx context.Context, tx account.Tx) (err error) {
			made, err = s.sealBatch(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
		if made != nil {
			s.log.InfoContext(ctx, "checkpoint of the activity log", "checkpoint", made.String())
			if err := s.saveCheckpoint(*made); err != nil {
				return err
			}
		}
	}
}

// sealDue reports whether there is an entry to seal or a checkpoint to make.
func (s *Log) sealDue(ctx context.Context) (bool, error) {
	unsealed, err := s.store.UnsealedActivity(ctx, 1)
	if err != nil || len(unsealed) > 0 {
		return err == nil, err
	}
	head, err := s.store.ChainEnd(ctx, account.ChainHead)
	if err != nil {
		return false, s.CheckEnd(account.ChainHead, head, err)
	}
	last, err := lastCheckpoint(ctx, s.store, head)
	return checkpointDue(head, last, s.now()), err
}

// lastCheckpoint returns the newest one up to the head, or the anchor.
func lastCheckpoint(ctx context.Context, r account.Reader, head account.Checkpoint) (account.Checkpoint, error) {
	last, err := r.CheckpointBefore(ctx, head.Number)
	if errors.Is(err, account.ErrNotFound) {
		return r.ChainEnd(ctx, account.ChainAnchor)
	}
	return last, err
}

func checkpointDue(head, last account.Checkpoint, now time.Time) bool {
	since := head.Number - last.Number
	return since >= sealRows || since > 0 && now.Sub(last.At) >= checkpointTime
}

// sealSome seals the next entries, and makes the checkpoint that is due then.
func (s *Log) sealBatch(ctx context.Context, tx account.Tx) (*account.Checkpoint, error) {
	head, err := tx.LockChain(ctx)
	if err = s.CheckEnd(account.ChainHead, head, err); err != nil {
		return nil, err
	}
	last, err := lastCheckpoint(ctx, tx, head)
	if err != nil {
		return nil, err
	}
	room := sealRows - (head.Number - last.Number)
	if room < 1 { // a checkpoint was removed
		room = sealRows
	}
	now, before := s.now(), head.Number
	if head, err = s.sealEntries(ctx, tx, head, int(room), now); err != nil {
		return nil, err
	}
	if head.Number > before {
		if err := tx.SaveChainEnd(ctx, account.ChainHead, s.sign(endPurpose(account.ChainHead), head)); err != nil {
			return nil, err
		}
	}
	if !checkpointDue(head, last, now) {
		return nil, nil
	}
	made := s.sign(checkpointPurpose, account.Checkpoint{Number: head.Number, At: now, Seal: head.Seal})
	return &made, tx.SaveCheckpoint(ctx, made)
}

// sealEntries seals the next entries behind the head, at most so many, about
// sealBytes and for about sealWork, and returns the new head.
func (s *Log) sealEntries(ctx context.Context, tx account.Tx, head account.Checkpoint, room int, now time.Time) (account.Checkpoint, error) {
	begun, size := s.monotonic(), 0
	for room > 0 {
		entries, err := tx.UnsealedActivity(ctx, min(room, activityBatch))
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
			room--
			if size >= sealBytes || s.monotonic().Sub(begun) >= sealWork {
				return head, nil // with one at least: the next transaction goes on
			}
		}
	}
	return head, nil
}

// sealed reports whether the entry's seal is right behind the previous one.
func (s *Log) sealed(e account.StoredActivity, previous []byte) bool {
	return s.keys.Verify(sealPurpose, entryInput(e, previous), keyring.Signature{KeyID: e.KeyID, MAC: e.Seal})
}

// text is what the seal of an entry is over: the seal before it, and all that is
// stored of it. Each text is preceded by its length, so that no two entries have
// the same.
func entryInput(e account.StoredActivity, previous []byte) []byte {
	b := make([]byte, 0, 512)
	number := func(n int64) { b = binary.BigEndian.AppendUint64(b, uint64(n)) }
	text := func(s string) {
		number(int64(len(s)))
		b = append(b, s...)
	}
	text(string(previous))
	number(e.Number)
	number(e.ID)
	number(e.At.UnixMicro())
	number(e.Actor.ID)
	text(e.Actor.Name)
	text(string(e.Actor.Credential.Kind))
	number(e.Actor.Credential.ID)
	text(e.Actor.ClientNetwork)
	text(string(e.Action))
	text(string(e.Target.Kind))
	number(e.Target.ID)
	text(e.Target.Name)
	text(e.ChangesText)
	number(int64(e.Count))
	return b
}
