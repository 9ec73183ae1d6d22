// Package keyring encrypts and signs with the server key: 32 random bytes that are stored
// outside the database. It encrypts secrets whose plaintext the server needs again, such as
// the password of a mail server. It signs the entries of the activity log.
//
// A [Ring] supports key rotation. The database says which of its keys encrypts and signs new
// data, and which others are still accepted; [Ring.Use] sets both. A new key is thus used by
// all servers at once.
//
// Each [Purpose], such as [Mail], uses its own key, which HKDF-SHA-256 (RFC 5869) derives from
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
	"slices"
	"strings"
	"sync/atomic"
)

// KeySize is the size of a server key in bytes.
const KeySize = 32

// Errors of a [Ring].
var (
	// ErrNotOpened means that decryption failed. The ciphertext was changed, or was encrypted
	// with another key, purpose or context.
	ErrNotOpened = errors.New("keyring: the sealed text cannot be opened with the server key")
	// ErrNoKey means that data is encrypted with a key that the ring does not have, or is to be
	// encrypted with such a key.
	ErrNoKey = errors.New("keyring: this process does not have the server key that is needed")
)

// Ring holds one or more server keys. Its methods are safe for concurrent use.
type Ring struct{ state atomic.Pointer[ringState] }

// ringState is the state of a ring at one time. It is never changed.
type ringState struct {
	keys     []key    // in the order of the text that was parsed
	primary  string   // id of the key for new data, if no transaction names another
	accepted []string // ids of the keys that encrypt, decrypt, sign and verify
}

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

// Parse reads the keys of a ring, one per line in base64, and skips blank lines. The first key
// is the primary key, and all are accepted, until [Ring.Use] is called. The errors of Parse do
// not contain any of the text.
func Parse(text string) (*Ring, error) {
	state := &ringState{}
	for n, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		bits, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(bits) != KeySize {
			return nil, fmt.Errorf("keyring: line %d of the server key is not %d bytes in base64", n+1, KeySize)
		}
		id := hex.EncodeToString(derive(bits, "key-id")[:4])
		state.keys = append(state.keys, key{id: id, secret: bits})
		state.accepted = append(state.accepted, id)
	}
	if len(state.keys) == 0 {
		return nil, errors.New("keyring: the server key is empty")
	}
	state.primary = state.keys[0].id
	ring := &Ring{}
	ring.state.Store(state)
	return ring, nil
}

// Use sets the id of the primary key, and the ids of all keys that are accepted. It ignores ids
// that the ring does not have.
func (r *Ring) Use(primary string, accepted ...string) {
	r.state.Store(&ringState{keys: r.state.Load().keys, primary: primary, accepted: slices.Clone(accepted)})
}

// Replace takes the keys of other, which was read again from where the keys are kept. The
// primary key and the accepted ids stay as they are.
func (r *Ring) Replace(other *Ring) {
	was := r.state.Load()
	r.state.Store(&ringState{keys: other.state.Load().keys, primary: was.primary, accepted: was.accepted})
}

// Only returns a ring that has just the key with the id. The id must be that of a key of r.
func (r *Ring) Only(id string) *Ring {
	only := &Ring{}
	only.state.Store(&ringState{keys: r.state.Load().keys, primary: id, accepted: []string{id}})
	return only
}

// Primary returns the id of the primary key.
func (r *Ring) Primary() string { return r.state.Load().primary }

// Checks returns the check values of all keys, in the order of the text, whether they are
// accepted or not.
func (r *Ring) Checks() []Check {
	keys := r.state.Load().keys
	checks := make([]Check, len(keys))
	for i, k := range keys {
		checks[i] = Check{ID: k.id, Value: derive(k.secret, "key-check")}
	}
	return checks
}

// Matches reports whether c is the check value of a key of the ring, accepted or not.
func (r *Ring) Matches(c Check) bool {
	for _, check := range r.Checks() {
		if check.ID == c.ID && hmac.Equal(check.Value, c.Value) {
			return true
		}
	}
	return false
}

// Seal encrypts plain with the key keyID. The purpose selects the derived key. The context is
// additional authenticated data, such as "mail|7" for the message with the id 7. [Ring.Open]
// needs the same purpose and context. Seal fails with [ErrNoKey].
func (r *Ring) Seal(keyID string, purpose Purpose, context string, plain []byte) (Sealed, error) {
	k, err := r.key(keyID)
	if err != nil {
		return Sealed{}, err
	}
	aead, err := newGCM(k, purpose)
	if err != nil {
		return Sealed{}, err
	}
	return Sealed{KeyID: k.id, Box: aead.Seal(nil, nil, plain, []byte(context))}, nil
}

// Open decrypts the result of [Ring.Seal] with the same purpose and context. It fails with
// [ErrNotOpened], and also with [ErrNoKey] if the ring does not have the key.
func (r *Ring) Open(purpose Purpose, context string, sealed Sealed) ([]byte, error) {
	k, err := r.key(sealed.KeyID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotOpened, err)
	}
	aead, err := newGCM(k, purpose)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed.Box, []byte(context))
	if err != nil {
		return nil, ErrNotOpened
	}
	return plain, nil
}

// key returns the accepted key with the id. It fails with [ErrNoKey].
func (r *Ring) key(id string) (key, error) {
	state := r.state.Load()
	for _, k := range state.keys {
		if k.id == id && slices.Contains(state.accepted, id) {
			return k, nil
		}
	}
	return key{}, fmt.Errorf("%w (%s)", ErrNoKey, id)
}

// newGCM returns AES-256-GCM that prepends a random 96-bit nonce to each ciphertext.
func newGCM(k key, purpose Purpose) (cipher.AEAD, error) {
	block, err := aes.NewCipher(derive(k.secret, purpose.name))
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	return aead, nil
}

// derive returns the derived key with a name, by HKDF-SHA-256.
func derive(secret []byte, name string) []byte {
	derived, err := hkdf.Key(sha256.New, secret, nil, "usher "+name, KeySize)
	if err != nil {
		panic("keyring: " + err.Error()) // fails only for more than 255 hash lengths; this is one
	}
	return derived
}
