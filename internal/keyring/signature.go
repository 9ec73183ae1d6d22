package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// Signature is a message authentication code: it shows that a holder of the server key
// signed the data.
type Signature struct {
	KeyID string // of the key that signed
	MAC   []byte // HMAC-SHA-256
}

// Sign signs data for a purpose with the primary key.
func (r *Ring) Sign(purpose string, data []byte) Signature {
	k := r.keys[0]
	return Signature{KeyID: k.id, MAC: k.mac(purpose, data)}
}

// Verify reports whether s is the signature of data for the purpose by a key of the ring.
func (r *Ring) Verify(purpose string, data []byte, s Signature) bool {
	for _, k := range r.keys {
		if k.id == s.KeyID && hmac.Equal(k.mac(purpose, data), s.MAC) {
			return true
		}
	}
	return false
}

// HasKey reports whether the ring has the key with the id.
func (r *Ring) HasKey(keyID string) bool {
	return slices.ContainsFunc(r.keys, func(k key) bool { return k.id == keyID })
}

// mac returns the HMAC-SHA-256 of data with the key for the purpose.
func (k key) mac(purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, derive(k.secret, purpose))
	mac.Write(data)
	return mac.Sum(nil)
}
