// Package keyring encrypts and signs with the server key: 32 random bytes that are stored
// outside the database. It encrypts secrets whose plaintext the server needs again, such as
// the password of a mail server. It signs the entries of the activity log.
//
// A [Ring] supports key rotation. Its first key, the primary key, encrypts and signs. The
// older keys only decrypt and verify.
//
// Each purpose, such as "mail", uses its own key, which HKDF-SHA-256 (RFC 5869) derives from
// the server key. A ciphertext for one purpose therefore does not decrypt for another.
// Encryption is AES-256-GCM; signatures are HMAC-SHA-256.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeySize is the size of a server key in bytes.
const KeySize = 32

// ErrNotOpened means that decryption failed. The ciphertext was changed, or was encrypted
// with another key, purpose or context.
var ErrNotOpened = errors.New("keyring: the sealed text cannot be opened with the server key")

// Ring is a list of one or more server keys. The first is the primary key.
type Ring struct{ keys []key }

// key is one server key.
type key struct {
	id     string // derived from secret; not confidential
	secret []byte
}

// Sealed is a ciphertext with the id of the key that encrypted it.
type Sealed struct {
	KeyID string
	Box   []byte // 96-bit nonce, AES-256-GCM ciphertext and tag
}

// Check is a key check value: it identifies a server key without revealing the key. The
// database stores a check value for each key, so that a server with a wrong key stops before
// it writes.
type Check struct {
	ID    string
	Value []byte // derived from the key
}

// Generate returns a new key as one line of base64, which [Parse] reads.
func Generate(random io.Reader) (string, error) {
	bits := make([]byte, KeySize)
	if _, err := io.ReadFull(random, bits); err != nil {
		return "", fmt.Errorf("keyring: read random: %w", err)
	}
	return base64.StdEncoding.EncodeToString(bits) + "\n", nil
}

// Parse reads the keys of a ring, one per line in base64, the primary key first. It skips
// blank lines. Its errors do not contain any of the text.
func Parse(text string) (*Ring, error) {
	ring := &Ring{}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		bits, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bits) != KeySize {
			return nil, fmt.Errorf("keyring: line %d of the server key is not %d bytes in base64", n+1, KeySize)
		}
		id := hex.EncodeToString(derive(bits, "key-id")[:4])
		ring.keys = append(ring.keys, key{id: id, secret: bits})
	}
	if len(ring.keys) == 0 {
		return nil, errors.New("keyring: the server key is empty")
	}
	return ring, nil
}

// Checks returns the check values of all keys, that of the primary key first.
func (r *Ring) Checks() []Check {
	checks := make([]Check, len(r.keys))
	for i, k := range r.keys {
		checks[i] = Check{ID: k.id, Value: derive(k.secret, "key-check")}
	}
	return checks
}

// Matches reports whether c is the check value of a key of the ring.
func (r *Ring) Matches(c Check) bool {
	for _, check := range r.Checks() {
		if check.ID == c.ID && hmac.Equal(check.Value, c.Value) {
			return true
		}
	}
	return false
}

// Seal encrypts plain with the primary key. The purpose selects the derived key. The context
// is additional authenticated data, such as "mail|7" for the message with the id 7.
// [Ring.Open] needs the same purpose and context.
func (r *Ring) Seal(purpose, context string, plain []byte) (Sealed, error) {
	k := r.keys[0]
	aead, err := newGCM(k, purpose)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{KeyID: k.id, Box: aead.Seal(nil, nil, plain, []byte(context))}, nil
}

// Open decrypts the result of [Ring.Seal] with the same purpose and context. It fails with
// [ErrNotOpened].
func (r *Ring) Open(purpose, context string, sealed Sealed) ([]byte, error) {
	for _, k := range r.keys {
		if k.id != sealed.KeyID {
			continue
		}
		aead, err := newGCM(k, purpose)
		if err != nil {
			return nil, err
		}
		plain, err := aead.Open(nil, nil, sealed.Box, []byte(context))
		if err == nil {
			return plain, nil
		}
	}
	return nil, ErrNotOpened
}

// MAC returns the HMAC-SHA-256 of text with the primary key for the purpose.
func (r *Ring) MAC(purpose, text string) []byte {
	return r.keys[0].mac(purpose, []byte(text))
}

// newGCM returns AES-256-GCM that prepends a random 96-bit nonce to each ciphertext.
func newGCM(k key, purpose string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(k.secret, purpose))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return aead, nil
}

// derive returns the key of a purpose, by HKDF-SHA-256.
func derive(secret []byte, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, secret, nil, "usher "+purpose, KeySize)
	if err != nil {
		panic("keyring: " + err.Error()) // fails only for more than 255 hash lengths; this is one
	}
	return derived
}
