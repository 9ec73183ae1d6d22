// Package token generates and parses the opaque bearer tokens of Usher: session tokens,
// recovery tokens and API keys.
//
// A token consists of three parts: a prefix that names its kind, 256 random bits as 43
// base62 digits, and a CRC-32 of both as 6 base62 digits. With the checksum, a server
// refuses a mistyped token without a database query, and secret scanners recognise a leaked
// token without false alarms. The checksum is no protection: only the random bits are
// secret.
//
// The database stores only the SHA-256 of a token.
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

// Kind says what a token is for, and is the prefix of the token. A token of one kind is not
// accepted in place of another.
type Kind string

// The kinds of token.
const (
	Session  Kind = "uss_" // a session of the API
	Console  Kind = "usc_" // a session of the console, in a cookie
	Recovery Kind = "usr_" // a password recovery or invitation; works once
	APIKey   Kind = "usk_" // an API key
)

const (
	randomBytes    = 32
	randomLength   = 43 // 62^43 > 2^256
	checksumLength = 6  // 62^6 > 2^32
	base62Digits   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ErrMalformed means that a text is not a token of the requested kind.
var ErrMalformed = errors.New("token: malformed")

// Hash is the SHA-256 of a whole token. The database stores it instead of the token.
type Hash [sha256.Size]byte

// New generates a token and its hash. It reads 32 bytes from random, and fails if that read
// fails.
func New(kind Kind, random io.Reader) (secret.Text, Hash, error) {
	bits := make([]byte, randomBytes)
	if _, err := io.ReadFull(random, bits); err != nil {
		return secret.Text{}, Hash{}, fmt.Errorf("token: read random: %w", err)
	}
	unchecked := string(kind) + encodeBase62(new(big.Int).SetBytes(bits), randomLength)
	sum := checksum(unchecked)
	text := unchecked + string(sum[:])
	return secret.New(text), sha256.Sum256([]byte(text)), nil
}

// Parse checks the format and the checksum of a token and returns the token's hash. It fails
// with [ErrMalformed], which does not contain the token.
func Parse(kind Kind, text secret.Text) (Hash, error) {
	t := text.Reveal()
	split := len(kind) + randomLength // where the checksum begins
	if len(t) != split+checksumLength || !strings.HasPrefix(t, string(kind)) {
		return Hash{}, ErrMalformed
	}
	if sum := checksum(t[:split]); string(sum[:]) != t[split:] {
		return Hash{}, ErrMalformed
	}
	return sha256.Sum256([]byte(t)), nil
}

// checksum returns the CRC-32 of text in base62. It avoids heap allocations, because every
// request with a token calls it.
func checksum(text string) (digits [checksumLength]byte) {
	n := crc32.ChecksumIEEE([]byte(text))
	for i := checksumLength - 1; i >= 0; i-- {
		digits[i] = base62Digits[n%62]
		n /= 62
	}
	return digits
}

// encodeBase62 returns n as exactly length base62 digits, the most significant first. It
// overwrites n.
func encodeBase62(n *big.Int, length int) string {
	digits := make([]byte, length)
	base, digit := big.NewInt(62), new(big.Int)
	for i := length - 1; i >= 0; i-- {
		n.DivMod(n, base, digit)
		digits[i] = base62Digits[digit.Int64()]
	}
	return string(digits)
}
