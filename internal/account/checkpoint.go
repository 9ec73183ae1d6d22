package account

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// Checkpoint vouches for the activity log up to one entry: since each seal is
// over the one before, it stands for all of them. Kept where nobody can change
// it, it shows later that nothing of that was cut off or made anew. The two ends
// of the chain have the same form and are signed for purposes of their own.
type Checkpoint struct {
	Number    int64     // of the entry; 0 before there is one
	At        time.Time // when it was made; of an anchor, when its entry was
	Seal      []byte    // of the entry
	Signature keyring.Signature
}

// Purposes of the server key. What is signed for one is not good for another: a
// checkpoint cannot be put in the place of an anchor.
const (
	sealPurpose       = "activity"
	checkpointPurpose = "activity-checkpoint"
)

// purpose returns that of an end of the chain.
func endPurpose(e ChainEnd) string { return "activity-" + string(e) }

// sign returns the checkpoint with its signature.
func (s *Service) sign(purpose string, c Checkpoint) Checkpoint {
	c.Signature = s.keys.Sign(purpose, checkpointInput(c))
	return c
}

// signed reports whether the server key has signed the checkpoint.
func (s *Service) signed(purpose string, c Checkpoint) bool {
	return s.keys.Verify(purpose, checkpointInput(c), c.Signature)
}

// text is what a signature is over. Nothing follows the seal, so that two
// checkpoints never have the same.
func checkpointInput(c Checkpoint) []byte {
	text := binary.BigEndian.AppendUint64(nil, uint64(c.Number))
	text = binary.BigEndian.AppendUint64(text, uint64(c.At.UnixMicro()))
	return append(text, c.Seal...)
}

// same reports whether the checkpoint is of the entry with this number and seal.
func (c Checkpoint) same(number int64, seal []byte) bool {
	return c.Number == number && bytes.Equal(c.Seal, seal)
}

// String writes the checkpoint in one word, as [ParseCheckpoint] reads it.
func (c Checkpoint) String() string {
	return strings.Join([]string{
		strconv.FormatInt(c.Number, 10), c.At.UTC().Format(time.RFC3339Nano), hex.EncodeToString(c.Seal),
		c.Signature.KeyID, hex.EncodeToString(c.Signature.MAC),
	}, "/")
}

// ParseCheckpoint reads what [Checkpoint.String] has written, with blanks around
// it. It does not tell whether the signature is right.
func ParseCheckpoint(text string) (Checkpoint, error) {
	parts := strings.Split(strings.TrimSpace(text), "/")
	if len(parts) != 5 {
		return Checkpoint{}, errors.New("this is not a checkpoint of an activity log")
	}
	number, err := strconv.ParseInt(parts[0], 10, 64)
	at, errAt := time.Parse(time.RFC3339Nano, parts[1])
	seal, errSeal := hex.DecodeString(parts[2])
	mac, errMAC := hex.DecodeString(parts[4])
	if errors.Join(err, errAt, errSeal, errMAC) != nil || number < 1 {
		return Checkpoint{}, errors.New("this is not a checkpoint of an activity log")
	}
	return Checkpoint{Number: number, At: at, Seal: seal, Signature: keyring.Signature{KeyID: parts[3], MAC: mac}}, nil
}

// ErrNothingSealed means that the activity log has no sealed entry yet.
var ErrNothingSealed = errors.New("the activity log has no sealed entry yet")

// ActivityCheckpoint makes a checkpoint of the activity log as it is now, to be
// kept elsewhere. It fails with [ErrNothingSealed] and [ErrActivityChanged].
func (s *Service) ActivityCheckpoint(ctx context.Context) (Checkpoint, error) {
	head, err := s.store.ChainEnd(ctx, ChainHead)
	if err = s.checkEnd(ChainHead, head, err); err != nil {
		return Checkpoint{}, err
	}
	if head.Number == 0 {
		return Checkpoint{}, ErrNothingSealed
	}
	head.At = s.now()
	return s.sign(checkpointPurpose, head), nil
}

// ErrActivityChanged means that somebody has changed the activity log in the
// database. What would cover that up is not done any more.
var ErrActivityChanged = errors.New("the activity log was changed in the database; `usher audit verify` tells what is wrong")

// checkEnd gives the reading of an end of the chain its meaning: one that is not
// there, or not signed, was changed.
func (s *Service) checkEnd(end ChainEnd, c Checkpoint, err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		return fmt.Errorf("%w (its %s is gone)", ErrActivityChanged, end)
	case err != nil:
		return err
	case !s.signed(endPurpose(end), c):
		return fmt.Errorf("%w (its %s is not signed by this server)", ErrActivityChanged, end)
	}
	return nil
}
