package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
)

// Signature is a message authentication code: it shows that a holder of the server key
// signed the data.
type Signature struct {
	KeyID string // of the key that signed
	MAC   []byte // HMAC-SHA-256
}

// Sign signs data for a purpose with the key keyID. It fails with [ErrNoKey].
func (r *Ring) Sign(keyID string, purpose Purpose, data []byte) (Signature, error) {
	k, err := r.key(keyID)
	if err != nil {
		return Signature{}, err
	}
	return Signature{KeyID: k.id, MAC: k.mac(purpose, data)}, nil
}

// Verify reports whether s is the signature of data for the purpose by an accepted key of the
// ring.
func (r *Ring) Verify(purpose Purpose, data []byte, s Signature) bool {
	k, err := r.key(s.KeyID)
	return err == nil && hmac.Equal(k.mac(purpose, data), s.MAC)
}

// HasKey reports whether the ring has the key with the id, and accepts it.
func (r *Ring) HasKey(keyID string) bool {
	_, err := r.key(keyID)
	return err == nil
}

// mac returns the HMAC-SHA-256 of data with the key for the purpose.
func (k key) mac(purpose Purpose, data []byte) []byte {
	mac := hmac.New(sha256.New, derive(k.secret, purpose.name))
	mac.Write(data)
	return mac.Sum(nil)
}

// MAC signs a text with the primary key. If the ring does not have the primary key, MAC signs
// with another key of the ring: it is for values that are only compared with each other, and that
// may change with a rotation.
func (r *Ring) MAC(purpose Purpose, text string) Signature {
	k, err := r.key(r.Primary())
	if err != nil {
		k = r.state.Load().keys[0]
	}
	return Signature{KeyID: k.id, MAC: k.mac(purpose, []byte(text))}
}
