package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// maxResealTime limits a transaction that seals entries again. It is shorter than maxBatchTime,
// because a rotation has many such transactions, and sign-ins may have to wait for each of them.
const maxResealTime = 200 * time.Millisecond

// resealingInput returns the bytes of a [account.Resealing] that are signed.
func resealingInput(r account.Resealing) []byte {
	input := binary.BigEndian.AppendUint64(nil, uint64(r.Number))
	input = binary.BigEndian.AppendUint64(input, uint64(len(r.Seal)))
	input = append(input, r.Seal...)
	return append(input, r.Former...)
}

// readResealing returns how far a rotation has sealed the chain again. It fails with
// [account.ErrNotFound] if no rotation is doing that, and with [account.ErrActivityChanged] if no
// accepted key of the ring signed the stored state.
func readResealing(ctx context.Context, keys *keyring.Ring, r account.ActivityReader) (account.Resealing, error) {
	at, err := r.Resealing(ctx)
	if err == nil && !keys.Verify(keyring.ActivityResealing, resealingInput(at), at.Signature) {
		err = fmt.Errorf("%w (how far it was sealed with a new server key is not signed by this server)",
			account.ErrActivityChanged)
	}
	return at, err
}

// saveResealing signs how far the chain is sealed again with the server key keyID, and stores it.
func saveResealing(
	ctx context.Context, keys *keyring.Ring, tx *account.Tx, keyID string, r account.Resealing,
) (err error) {
	if r.Signature, err = keys.Sign(keyID, keyring.ActivityResealing, resealingInput(r)); err != nil {
		return err
	}
	return tx.SaveResealing(ctx, r)
}

// BeginResealing prepares the chain for [Log.ResealBatch]. Call it in the transaction in which a
// new server key becomes the current one. It signs both ends of the chain with that key: from then
// on, a holder of the former key can't replace entries unnoticed.
//
// It fails with [account.ErrActivityChanged] if an end is not signed by this server. If accept is
// set, BeginResealing signs the ends as they are.
func (s *Log) BeginResealing(ctx context.Context, tx *account.Tx, accept bool) error {
	head, err := tx.LockChain(ctx)
	if err = s.verifyEnd(account.ChainHead, head, err); err != nil && !accept {
		return err
	}
	anchor, err := tx.ChainEnd(ctx, account.ChainAnchor)
	if err = s.verifyEnd(account.ChainAnchor, anchor, err); err != nil && !accept {
		return err
	}
	keyID, err := tx.SealingKey(ctx)
	if err != nil {
		return err
	}
	if err := s.saveEnd(ctx, tx, keyID, account.ChainHead, head); err != nil {
		return err
	}
	if err := s.saveEnd(ctx, tx, keyID, account.ChainAnchor, anchor); err != nil {
		return err
	}
	return saveResealing(ctx, s.keys, tx, keyID, account.Resealing{
		Number: anchor.Number, Seal: anchor.Seal, Former: anchor.Seal,
	})
}

// ResealProgress is how far [Log.ResealBatch] has come.
type ResealProgress struct {
	Number int64 // number of the last entry that is sealed with the current key
	Head   int64 // number of the last entry of the chain
	Done   bool  // the whole chain is sealed with the current key
}

// ResealBatch seals the next entries of the chain with the current server key, and signs their
// checkpoints with it. After any number of batches, the chain can be verified with both keys. Call
// it until it reports Done. It does nothing if the chain is sealed with the current key already.
//
// It verifies each entry and each checkpoint first, and fails with [account.ErrActivityChanged] at
// one that somebody tampered with. If accept is set, ResealBatch seals what is stored.
func (s *Log) ResealBatch(ctx context.Context, tx *account.Tx, accept bool) (ResealProgress, error) {
	head, err := s.lockHead(ctx, tx)
	if err != nil && !accept {
		return ResealProgress{}, err
	}
	if _, err := s.readEnd(ctx, tx, account.ChainAnchor); err != nil && !accept {
		return ResealProgress{}, err
	}
	keyID, err := tx.SealingKey(ctx)
	if err != nil {
		return ResealProgress{}, err
	}
	from, err := readResealing(ctx, s.keys, tx)
	switch {
	case errors.Is(err, account.ErrNotFound) && head.Signature.KeyID == keyID:
		return ResealProgress{Number: head.Number, Head: head.Number, Done: true}, nil
	case accept && (errors.Is(err, account.ErrNotFound) || errors.Is(err, account.ErrActivityChanged)):
		return ResealProgress{Head: head.Number}, s.BeginResealing(ctx, tx, accept)
	case err != nil:
		return ResealProgress{}, err
	}
	r := &resealer{
		log: s, tx: tx, keyID: keyID, accept: accept, head: head, at: from, former: map[int64]resealedEntry{},
	}
	done, err := r.entries(ctx)
	if err != nil {
		return ResealProgress{}, err
	}
	if err := r.checkpoints(ctx, from.Number); err != nil {
		return ResealProgress{}, err
	}
	progress := ResealProgress{Number: r.at.Number, Head: head.Number, Done: done}
	if !done {
		return progress, saveResealing(ctx, s.keys, tx, r.keyID, r.at)
	}
	if !head.Matches(r.at.Number, r.at.Former) && !accept {
		return progress, fmt.Errorf("%w (its last entry is number %d, and not that of the head, number %d)",
			account.ErrActivityChanged, r.at.Number, head.Number)
	}
	head.Number, head.Seal = r.at.Number, r.at.Seal
	if err := s.saveEnd(ctx, tx, r.keyID, account.ChainHead, head); err != nil {
		return progress, err
	}
	return progress, tx.DeleteResealing(ctx)
}

// resealer seals one batch of the chain again.
type resealer struct {
	log    *Log
	tx     *account.Tx
	keyID  string
	accept bool
	head   account.Checkpoint
	at     account.Resealing
	former map[int64]resealedEntry // the entries of the batch, by number
}

// resealedEntry has the seals of an entry before and after it was sealed again.
type resealedEntry struct{ before, after []byte }

// entries seals the next entries. It reports whether these were the last ones.
func (r *resealer) entries(ctx context.Context) (done bool, err error) {
	began := r.log.monotonic()
	page, err := r.tx.SealedActivity(ctx, r.at.Number, math.MaxInt64, maxBatchEntries)
	if err != nil {
		return false, err
	}
	for i, e := range page {
		valid := e.Number == r.at.Number+1 && e.Number <= r.head.Number && r.log.isSealed(e, r.at.Former)
		if !valid && !r.accept {
			return false, fmt.Errorf("%w (the seal of number %d is wrong, so it is not sealed again)",
				account.ErrActivityChanged, e.Number)
		}
		before := e.Seal
		if e, err = r.log.sealEntry(r.keyID, e, r.at.Seal); err != nil {
			return false, err
		}
		if err := r.tx.ResealActivity(ctx, e); err != nil {
			return false, err
		}
		r.at.Number, r.at.Seal, r.at.Former = e.Number, e.Seal, before
		r.former[e.Number] = resealedEntry{before: before, after: e.Seal}
		if i+1 < len(page) && r.log.monotonic().Sub(began) >= maxResealTime {
			return false, nil
		}
	}
	return len(page) < maxBatchEntries, nil
}

// checkpoints signs the checkpoints of the batch, whose entries follow the number after, as of the
// new seals. It also keeps the checkpoints as they were as former ones.
func (r *resealer) checkpoints(ctx context.Context, after int64) error {
	formers, err := r.tx.FormerCheckpoints(ctx, after, r.at.Number)
	if err != nil {
		return err
	}
	for _, f := range formers {
		seals := r.former[f.Number]
		if !isFormer(r.log.keys, f) || !bytes.Equal(f.Seal, seals.before) { // it proves nothing, and is not made to
			continue
		}
		f.Seal = seals.after
		if err := r.saveFormer(ctx, f); err != nil {
			return err
		}
	}
	checkpoints, err := r.tx.Checkpoints(ctx, after, r.at.Number, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, c := range checkpoints {
		seals, exists := r.former[c.Number]
		valid := exists && r.log.isSigned(keyring.ActivityCheckpoint, c) && bytes.Equal(c.Seal, seals.before)
		if !valid && !r.accept {
			return fmt.Errorf("%w (the checkpoint of number %d is wrong, so it is not signed again)",
				account.ErrActivityChanged, c.Number)
		}
		if !exists { // it stays as evidence of a missing entry
			continue
		}
		c.Seal = seals.after
		if err := r.saveCheckpoint(ctx, c, seals.before); err != nil {
			return err
		}
	}
	return nil
}

// saveCheckpoint signs and stores a checkpoint, and the former one, which had the seal before.
func (r *resealer) saveCheckpoint(ctx context.Context, c account.Checkpoint, before []byte) error {
	signed, err := r.log.sign(r.keyID, keyring.ActivityCheckpoint, c)
	if err != nil {
		return err
	}
	if err := r.tx.SaveCheckpoint(ctx, signed); err != nil || bytes.Equal(before, c.Seal) {
		return err
	}
	return r.saveFormer(ctx, account.FormerCheckpoint{Checkpoint: c, Former: before})
}

// saveFormer signs and stores a former checkpoint.
func (r *resealer) saveFormer(ctx context.Context, c account.FormerCheckpoint) (err error) {
	if c.Signature, err = r.log.keys.Sign(r.keyID, keyring.FormerCheckpoint, formerInput(c)); err != nil {
		return err
	}
	return r.tx.SaveFormerCheckpoint(ctx, c)
}
