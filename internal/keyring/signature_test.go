package keyring_test

import (
	"bytes"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/keyring"
)

// sign signs data with the primary key of the ring.
func sign(t *testing.T, ring *keyring.Ring, purpose keyring.Purpose, data string) keyring.Signature {
	t.Helper()
	s, err := ring.Sign(ring.Primary(), purpose, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignatures(t *testing.T) {
	old, next := newKey(t), newKey(t)
	ring := parse(t, old)
	signed := sign(t, ring, keyring.ActivityEntry, "data")
	changed := keyring.Signature{KeyID: signed.KeyID, MAC: bytes.Clone(signed.MAC)}
	changed.MAC[0] ^= 1
	both := parse(t, next+old)
	for _, tt := range []struct {
		name      string
		purpose   keyring.Purpose
		data      string
		ring      *keyring.Ring
		signature keyring.Signature
		valid     bool
	}{
		{"as signed", keyring.ActivityEntry, "data", ring, signed, true},
		{"with an older key of the ring", keyring.ActivityEntry, "data", both, signed, true},
		{"another purpose", keyring.ActivityCheckpoint, "data", ring, signed, false},
		{"other data", keyring.ActivityEntry, "date", ring, signed, false},
		{"changed", keyring.ActivityEntry, "data", ring, changed, false},
		{"truncated", keyring.ActivityEntry, "data", ring, keyring.Signature{KeyID: signed.KeyID, MAC: signed.MAC[:16]}, false},
		{"empty", keyring.ActivityEntry, "data", ring, keyring.Signature{}, false},
		{
			"with the id of another key", keyring.ActivityEntry, "data", both,
			keyring.Signature{KeyID: both.Primary(), MAC: signed.MAC}, false,
		},
		{"another ring", keyring.ActivityEntry, "data", parse(t, next), signed, false},
	} {
		if got := tt.ring.Verify(tt.purpose, []byte(tt.data), tt.signature); got != tt.valid {
			t.Errorf("%s: valid: %v", tt.name, got)
		}
	}
	if !both.HasKey(signed.KeyID) || parse(t, next).HasKey(signed.KeyID) || sign(t, both, keyring.ActivityEntry, "").KeyID == signed.KeyID {
		t.Error("HasKey is wrong, or the ring signs with another key")
	}
}
