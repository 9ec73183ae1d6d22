package keyring_test

import (
	"bytes"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func TestSignatures(t *testing.T) {
	old, next := newKey(t), newKey(t)
	ring := parse(t, old)
	made := ring.Sign("activity", []byte("data"))
	changed := keyring.Signature{KeyID: made.KeyID, MAC: bytes.Clone(made.MAC)}
	changed.MAC[0] ^= 1
	both := parse(t, next+old)
	for _, tt := range []struct {
		name, purpose, data string
		ring                *keyring.Ring
		signature           keyring.Signature
		good                bool
	}{
		{"as signed", "activity", "data", ring, made, true},
		{"with an older key of the ring", "activity", "data", both, made, true},
		{"another purpose", "checkpoint", "data", ring, made, false},
		{"other data", "activity", "date", ring, made, false},
		{"changed", "activity", "data", ring, changed, false},
		{"cut off", "activity", "data", ring, keyring.Signature{KeyID: made.KeyID, MAC: made.MAC[:16]}, false},
		{"none", "activity", "data", ring, keyring.Signature{}, false},
		{"as of another key", "activity", "data", both, keyring.Signature{KeyID: both.Sign("", nil).KeyID, MAC: made.MAC}, false},
		{"another ring", "activity", "data", parse(t, next), made, false},
	} {
		if got := tt.ring.Verify(tt.purpose, []byte(tt.data), tt.signature); got != tt.good {
			t.Errorf("%s: it is good: %v", tt.name, got)
		}
	}
	if !both.Has(made.KeyID) || parse(t, next).Has(made.KeyID) || both.Sign("x", nil).KeyID == made.KeyID {
		t.Error("the ring does not know its keys, or signs with an older one")
	}
}
