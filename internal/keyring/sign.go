package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// Signature shows that a holder of the server key has vouched for data.
type Signature struct {
	KeyID string // of the key that made it
	MAC   []byte // HMAC-SHA-256
}

// Sign vouches for data for a purpose, with the key that seals.
func (r *Ring) Sign(purpose string, data []byte) Signature {
	k := r.keys[0]
	return Signature{KeyID: k.id, MAC: k.mac(purpose, data)}
}

// Verify reports whether a key of the ring made the signature for the purpose
// over the data.
func (r *Ring) Verify(purpose string, data []byte, s Signature) bool {
	for _, k := range r.keys {
		if k.id == s.KeyID && hmac.Equal(k.mac(purpose, data), s.MAC) {
			return true
		}
	}
	return false
}

// Has reports whether the ring has a key of this id.
func (r *Ring) Has(keyID string) bool {
	return slices.ContainsFunc(r.keys, func(k key) bool { return k.id == keyID })
}

func (k key) mac(purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, derive(k.secret, purpose))
	mac.Write(data)
	return mac.Sum(nil)
}
