// Package token makes and reads the opaque tokens that Usher hands out:
// a prefix that tells the kind, 43 base62 characters of 256 random bits, and
// 6 base62 characters of CRC-32. The checksum lets a mistyped token be refused
// without a look-up and a leaked one be found by secret scanners.
//
// A token is stored only as its hash. The package imports secret and the
// standard library.
package token

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strings"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Kind is the prefix of a token. Each kind is accepted in its own channel alone.
type Kind string

// The kinds of token.
const (
	Session  Kind = "uss_" // a session of the API, made by sign-in
	Console  Kind = "usc_" // a session of the console, made by sign-in; it lives in a cookie
	Recovery Kind = "usr_" // one use of password recovery
	APIKey   Kind = "usk_" // an API key
)

const (
	randomBytes   = 32
	bodyLength    = 43 // 62^43 > 2^256
	sumLength     = 6  // 62^6 > 2^32
	base62Letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrMalformed means that a text is no token of the kind asked for.
var ErrMalformed = errors.New("token: malformed")

// Hash is the SHA-256 of a whole token: what is stored and looked up.
type Hash [sha256.Size]byte

// New makes a token of the kind from 256 bits of random.
func New(kind Kind, random io.Reader) (secret.Text, Hash, error) {
	bits := make([]byte, randomBytes)
	if _, err := io.ReadFull(random, bits); err != nil {
		return secret.Text{}, Hash{}, fmt.Errorf("token: read random: %w", err)
	}
	body := string(kind) + base62(new(big.Int).SetBytes(bits), bodyLength)
	sum := checksum(body)
	text := body + string(sum[:])
	return secret.New(text), sha256.Sum256([]byte(text)), nil
}

// Parse checks the form and the checksum of text and returns its hash. The
// failure is [ErrMalformed] and says nothing of the text.
func Parse(kind Kind, text secret.Text) (Hash, error) {
	t := text.Reveal()
	split := len(kind) + bodyLength
	if len(t) != split+sumLength || !strings.HasPrefix(t, string(kind)) {
		return Hash{}, ErrMalformed
	}
	if sum := checksum(t[:split]); string(sum[:]) != t[split:] {
		return Hash{}, ErrMalformed
	}
	return sha256.Sum256([]byte(t)), nil
}

// checksum is the CRC-32 of a body in base62. Every request with a token computes it.
func checksum(body string) (digits [sumLength]byte) {
	n := crc32.ChecksumIEEE([]byte(body))
	for i := sumLength - 1; i >= 0; i-- {
		digits[i] = base62Letters[n%62]
		n /= 62
	}
	return digits
}

// base62 writes n with exactly length digits, the most significant first.
func base62(n *big.Int, length int) string {
	digits := make([]byte, length)
	base, digit := big.NewInt(62), new(big.Int)
	for i := length - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		digits[i] = base62Letters[digit.Int64()]
	}
	return string(digits)
}
