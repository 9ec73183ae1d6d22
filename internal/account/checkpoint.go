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

// Checkpoint identifies the state of the activity log at one entry. The seal of an entry is a
// signature that covers the entry and the seal before, so this entry's seal stands for all earlier
// entries too. A checkpoint that is kept out of an attacker's reach shows later whether these
// entries were removed or rewritten.
//
// The type also describes the two ends of the chain. Their signatures have other purposes, so an
// end can't pass for a checkpoint.
type Checkpoint struct {
	Number    int64     // number of the entry, from 1; 0: the chain has no entry yet
	At        time.Time // creation time; for the anchor, the time of its entry
	Seal      []byte    // seal of the entry
	Signature keyring.Signature
}

// ErrNothingSealed means that the activity log has no sealed entry yet.
var ErrNothingSealed = errors.New("the activity log has no sealed entry yet")

// ErrActivityChanged means that somebody tampered with the activity log in the database. Operations
// that would hide the evidence, such as sealing and retention, then fail with it.
var ErrActivityChanged = errors.New(
	"the activity log was changed in the database; run `usher audit verify` for details")

var errNotCheckpoint = errors.New("this is not a checkpoint of an activity log")

// Matches reports whether the checkpoint was made at the entry with this number and seal.
func (c Checkpoint) Matches(number int64, seal []byte) bool {
	return c.Number == number && bytes.Equal(c.Seal, seal)
}

// Unsigned reports whether the checkpoint is an end of the chain that was never signed. The schema
// creates the ends in this state.
func (c Checkpoint) Unsigned() bool {
	return c.Number == 0 && len(c.Seal) == 0 && c.Signature.KeyID == "" && len(c.Signature.MAC) == 0
}

// String returns the checkpoint as one word: number, time, seal, key id and MAC, separated by
// slashes. [ParseCheckpoint] reads this form.
func (c Checkpoint) String() string {
	return strings.Join([]string{
		strconv.FormatInt(c.Number, 10), c.At.UTC().Format(time.RFC3339Nano), hex.EncodeToString(c.Seal),
		c.Signature.KeyID, hex.EncodeToString(c.Signature.MAC),
	}, "/")
}

// ParseCheckpoint parses the result of [Checkpoint.String], which may have white space around it.
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
