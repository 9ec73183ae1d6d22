package keyring_test

import (
	"bytes"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

func TestSignatures(t *testing.T) {
	old, next := newKey(t), newKey(t)
	ring := parse(t, old)
	signed := ring.Sign("activity", []byte("data"))
	changed := keyring.Signature{KeyID: signed.KeyID, MAC: bytes.Clone(signed.MAC)}
	changed.MAC[0] ^= 1
	both := parse(t, next+old)
	for _, tt := range []struct {
		name, purpose, data string
		ring                *keyring.Ring
		signature           keyring.Signature
		valid               bool
	}{
		{"as signed", "activity", "data", ring, signed, true},
		{"with an older key of the ring", "activity", "data", both, signed, true},
		{"another purpose", "checkpoint", "data", ring, signed, false},
		{"other data", "activity", "date", ring, signed, false},
		{"changed", "activity", "data", ring, changed, false},
		{"truncated", "activity", "data", ring, keyring.Signature{KeyID: signed.KeyID, MAC: signed.MAC[:16]}, false},
		{"empty", "activity", "data", ring, keyring.Signature{}, false},
		{
			"with the id of another key", "activity", "data", both,
			keyring.Signature{KeyID: both.Sign("", nil).KeyID, MAC: signed.MAC}, false,
		},
		{"another ring", "activity", "data", parse(t, next), signed, false},
	} {
		if got := tt.ring.Verify(tt.purpose, []byte(tt.data), tt.signature); got != tt.valid {
			t.Errorf("%s: valid: %v", tt.name, got)
		}
	}
	if !both.HasKey(signed.KeyID) || parse(t, next).HasKey(signed.KeyID) || both.Sign("x", nil).KeyID == signed.KeyID {
		t.Error("HasKey is wrong, or the ring signs with an older key")
	}
}
