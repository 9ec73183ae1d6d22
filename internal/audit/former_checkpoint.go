package audit

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// formerInput returns the bytes of a former checkpoint that are signed. The length of the former
// seal precedes it, so different checkpoints have different bytes.
func formerInput(c account.FormerCheckpoint) []byte {
	input := binary.BigEndian.AppendUint64(nil, uint64(len(c.Former)))
	input = append(input, c.Former...)
	return append(input, checkpointInput(c.Checkpoint)...)
}

// isFormer reports whether an accepted key of the ring signed the former checkpoint c.
func isFormer(keys *keyring.Ring, c account.FormerCheckpoint) bool {
	return keys.Verify(keyring.FormerCheckpoint, formerInput(c), c.Signature)
}

// currentCheckpoint returns a checkpoint from before a rotation of the server key as it would be
// made today: with the seal that its entry has now, signed with the primary key. It trusts the
// former checkpoints in the database and not the signature of c, whose key may be retired.
//
// It fails with [account.ErrNotFound] when no server made c, or made it only for keeping elsewhere.
func (s *Log) currentCheckpoint(ctx context.Context, c account.Checkpoint) (account.Checkpoint, error) {
	formers, err := s.store.FormerCheckpoints(ctx, c.Number-1, c.Number)
	if err != nil {
		return c, err
	}
	for _, f := range formers {
		if bytes.Equal(f.Former, c.Seal) && isFormer(s.keys, f) {
			return s.sign(s.keys.Primary(), keyring.ActivityCheckpoint,
				account.Checkpoint{Number: c.Number, At: c.At, Seal: f.Seal})
		}
	}
	return c, account.ErrNotFound
}
