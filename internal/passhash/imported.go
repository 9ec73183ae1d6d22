package passhash

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"golang.org/x/crypto/bcrypt"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Usher creates argon2id hashes only. An import of users may contain hashes of these
// formats, too. The next successful sign-in replaces each by an argon2id hash.
//
//	$2a$10$…, $2b$…, $2y$…            bcrypt, costs 4 to 12
//	pbkdf2_sha256$600000$salt$sum     PBKDF2 (RFC 8018) as Django writes it

// Limits on the cost of verifying an imported hash: about a third of a second and 64 MiB.
// The author of an imported file chooses the cost of every sign-in to its accounts, and
// anyone can attempt to sign in.
const (
	minBcryptCost = bcrypt.MinCost
	maxBcryptCost = 12
	maxIterations = 1_000_000  // of PBKDF2
	maxWork       = 192 * 1024 // of argon2id: memory times passes, in KiB
)

// Costs that take about as long as argon2id with [Default]. A hash above them is
// expensive.
const (
	comparableBcryptCost = 9
	comparableIterations = 200_000
)

var (
	bcryptPattern = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	pbkdf2Pattern = regexp.MustCompile(`^pbkdf2_sha256\$([1-9][0-9]{0,6})\$([^$]{1,64})\$([A-Za-z0-9+/]{43}=)$`)
)

// Check returns [ErrMalformed] unless the text is a hash that Usher can verify, with a
// cost within the limits.
func Check(text string) error {
	if _, ok := bcryptCost(text); ok {
		return nil
	}
	if _, ok := parsePBKDF2(text); ok {
		return nil
	}
	_, err := decode(text)
	return err
}

// isExpensive reports whether verifying the hash costs more than verifying one with params.
// A malformed hash is not expensive, because verifying it fails at once.
func isExpensive(params Params, text string) bool {
	if cost, ok := bcryptCost(text); ok {
		return cost > comparableBcryptCost
	}
	if h, ok := parsePBKDF2(text); ok {
		return h.iterations > comparableIterations
	}
	e, err := decode(text)
	return err == nil && (e.params.Memory > params.Memory || e.params.work() > params.work())
}

// bcryptCost returns the cost of a bcrypt hash; ok is false if the text is none, or if its
// cost is beyond the limits.
func bcryptCost(text string) (cost int, ok bool) {
	parts := bcryptPattern.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	cost, err := strconv.Atoi(parts[1])
	return cost, err == nil && cost >= minBcryptCost && cost <= maxBcryptCost
}

// verifyBcrypt reports whether the password matches the bcrypt hash. Like every bcrypt
// implementation, it ignores the password after its first 72 bytes.
func verifyBcrypt(password secret.Text, text string) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(text), []byte(password.Reveal()))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return true, nil
}

// pbkdf2Hash is a PBKDF2-HMAC-SHA-256 hash in Django's format.
type pbkdf2Hash struct {
	iterations int
	salt, sum  []byte
}

// parsePBKDF2 parses a PBKDF2 hash; ok is false if the text is none, or if its cost is
// beyond the limits.
func parsePBKDF2(text string) (h pbkdf2Hash, ok bool) {
	parts := pbkdf2Pattern.FindStringSubmatch(text)
	if parts == nil {
		return h, false
	}
	var err, sumErr error
	h.iterations, err = strconv.Atoi(parts[1])
	h.salt = []byte(parts[2])
	h.sum, sumErr = base64.StdEncoding.Strict().DecodeString(parts[3])
	return h, err == nil && sumErr == nil && h.iterations <= maxIterations
}

func (h pbkdf2Hash) verify(password secret.Text) (bool, error) {
	sum, err := pbkdf2.Key(sha256.New, password.Reveal(), h.salt, h.iterations, len(h.sum))
	if err != nil {
		return false, fmt.Errorf("passhash: verify a PBKDF2 hash: %w", err)
	}
	return subtle.ConstantTimeCompare(sum, h.sum) == 1, nil
}
