package account

import (
	"bytes"
	"encoding/hex"
	"errors"
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

// same reports whether the checkpoint is of the entry with this number and seal.
func (c Checkpoint) Same(number int64, seal []byte) bool {
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

// ErrActivityChanged means that somebody has changed the activity log in the
// database. What would cover that up is not done any more.
var ErrActivityChanged = errors.New("the activity log was changed in the database; `usher audit verify` tells what is wrong")

// unsigned reports whether nobody has signed this end of a chain, as the schema
// makes it.
func (c Checkpoint) Unsigned() bool {
	return c.Number == 0 && len(c.Seal) == 0 && c.Signature.KeyID == "" && len(c.Signature.MAC) == 0
}
