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

// Checkpoint vouches for the activity log up to one entry. Each seal covers the one before, so the
// seal of that entry stands for all earlier ones. A checkpoint that is kept out of an attacker's
// reach reveals later that entries before it were truncated or rewritten.
//
// The two ends of the chain have the same form. Each is signed for a purpose of its own.
type Checkpoint struct {
	Number    int64     // of the entry, from 1; 0: no entry yet
	At        time.Time // creation time; of the anchor, the time of its entry
	Seal      []byte    // of the entry
	Signature keyring.Signature
}

// ErrNothingSealed means that the activity log has no sealed entry yet.
var ErrNothingSealed = errors.New("the activity log has no sealed entry yet")

// ErrActivityChanged means that the activity log was tampered with in the database. Operations that
// would hide the traces, such as sealing and retention, stop with it.
var ErrActivityChanged = errors.New(
	"the activity log was changed in the database; run `usher audit verify` for details")

var errNotCheckpoint = errors.New("this is not a checkpoint of an activity log")

// Matches reports whether the checkpoint is of the entry with this number and seal.
func (c Checkpoint) Matches(number int64, seal []byte) bool {
	return c.Number == number && bytes.Equal(c.Seal, seal)
}

// Unsigned reports whether the checkpoint is an end of the chain as the schema creates it, never
// signed.
func (c Checkpoint) Unsigned() bool {
	return c.Number == 0 && len(c.Seal) == 0 && c.Signature.KeyID == "" && len(c.Signature.MAC) == 0
}

// String returns the checkpoint as one word, which [ParseCheckpoint] reads: number, time, seal, key
// id and MAC, separated by slashes.
func (c Checkpoint) String() string {
	return strings.Join([]string{
		strconv.FormatInt(c.Number, 10), c.At.UTC().Format(time.RFC3339Nano), hex.EncodeToString(c.Seal),
		c.Signature.KeyID, hex.EncodeToString(c.Signature.MAC),
	}, "/")
}

// ParseCheckpoint parses the result of [Checkpoint.String], with or without white space around it.
// It doesn't verify the signature.
func ParseCheckpoint(text string) (Checkpoint, error) {
	parts := strings.Split(strings.TrimSpace(text), "/")
	if len(parts) != 5 {
		return Checkpoint{}, errNotCheckpoint
	}
	number, err := strconv.ParseInt(parts[0], 10, 64)
	at, errAt := time.Parse(time.RFC3339Nano, parts[1])
	seal, errSeal := hex.DecodeString(parts[2])
	mac, errMAC := hex.DecodeString(parts[4])
	if errors.Join(err, errAt, errSeal, errMAC) != nil || number < 1 {
		return Checkpoint{}, errNotCheckpoint
	}
	return Checkpoint{
		Number: number, At: at, Seal: seal, Signature: keyring.Signature{KeyID: parts[3], MAC: mac},
	}, nil
}
