// Package keyring holds the server key: 32 random bytes, kept apart from the
// database, that seal what the database must store and be able to give back.
// A ring has one key that seals and any number of older ones that still open.
//
// Each purpose uses a key of its own, derived by HKDF-SHA-256 (RFC 5869), so a
// text sealed for one cannot be opened as another. The package imports the
// standard library alone.
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

// KeyLength is the length of a server key in bytes.
const KeyLength = 32

// ErrNotOpened means that no key of the ring opens a sealed text: it was sealed
// with another key, for another purpose or row, or it was changed.
var ErrNotOpened = errors.New("keyring: the sealed text cannot be opened with the server key")

// Ring is one or more server keys, the one that seals first.
type Ring struct{ keys []key }

type key struct {
	id     string
	secret []byte
}

// Sealed is an encrypted text and the id of the key that opens it.
type Sealed struct {
	KeyID string
	Box   []byte // nonce and AES-256-GCM ciphertext
}

// Check identifies a key without giving it away: an id and a value that only
// the same key yields. The database keeps it, so that a start with a wrong key
// is noticed before anything is written.
type Check struct {
	ID    string
	Value []byte
}

// Generate makes the text of a new key, one line as [Parse] reads it.
func Generate(random io.Reader) (string, error) {
	bits := make([]byte, KeyLength)
	if _, err := io.ReadFull(random, bits); err != nil {
		return "", fmt.Errorf("keyring: read random: %w", err)
	}
	return base64.StdEncoding.EncodeToString(bits) + "\n", nil
}

// Parse reads a ring: one key a line in base64, the one that seals first; blank
// lines are passed over. No error holds any of the text.
func Parse(text string) (*Ring, error) {
	ring := &Ring{}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		bits, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bits) != KeyLength {
			return nil, fmt.Errorf("keyring: line %d of the server key is not %d bytes in base64", n+1, KeyLength)
		}
		id := hex.EncodeToString(derive(bits, "key-id")[:4])
		ring.keys = append(ring.keys, key{id: id, secret: bits})
	}
	if len(ring.keys) == 0 {
		return nil, errors.New("keyring: the server key is empty")
	}
	return ring, nil
}

// Checks returns the check of every key, the one that seals first.
func (r *Ring) Checks() []Check {
	checks := make([]Check, len(r.keys))
	for i, k := range r.keys {
		checks[i] = Check{ID: k.id, Value: derive(k.secret, "key-check")}
	}
	return checks
}

// Holds reports whether the ring has the key that the check was made from.
func (r *Ring) Holds(c Check) bool {
	for _, own := range r.Checks() {
		if own.ID == c.ID && hmac.Equal(own.Value, c.Value) {
			return true
		}
	}
	return false
}

// Seal encrypts plain for a purpose. Context binds the sealed text to its place
// ("mail|7", say): it opens with the same purpose and context only.
func (r *Ring) Seal(purpose, context string, plain []byte) (Sealed, error) {
	k := r.keys[0]
	box, err := gcm(k, purpose)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{KeyID: k.id, Box: box.Seal(nil, nil, plain, []byte(context))}, nil
}

// Open decrypts what [Ring.Seal] sealed for the same purpose and context. It
// fails with [ErrNotOpened].
func (r *Ring) Open(purpose, context string, sealed Sealed) ([]byte, error) {
	for _, k := range r.keys {
		if k.id != sealed.KeyID {
			continue
		}
		box, err := gcm(k, purpose)
		if err != nil {
			return nil, err
		}
		if plain, err := box.Open(nil, nil, sealed.Box, []byte(context)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrNotOpened
}

// MAC returns an HMAC-SHA-256 of text for a purpose, with the key that seals.
func (r *Ring) MAC(purpose, text string) []byte {
	return r.keys[0].mac(purpose, []byte(text))
}

// gcm returns AES-256-GCM with a random 96-bit nonce that travels with the text.
func gcm(k key, purpose string) (cipher.AEAD, error) {
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

func derive(secret []byte, purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, secret, nil, "usher "+purpose, KeyLength)
	if err != nil {
		panic("keyring: " + err.Error()) // only a length over 255 hashes fails, and ours is one
	}
	return derived
}
