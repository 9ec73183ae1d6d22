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

// Usher creates argon2id hashes only. An import of users may also contain hashes in the
// formats below. The next successful sign-in replaces the imported hash by an argon2id
// hash.
//
//	$2a$10$…, $2b$…, $2y$…            bcrypt, costs 4 to 12
//	pbkdf2_sha256$600000$salt$sum     PBKDF2 (RFC 8018) as Django writes it

// Limits of an imported hash. They bound one verification to about a third of a second and
// 64 MiB. The limits are necessary because each sign-in verifies the hash, and anyone can
// try to sign in. So the author of an imported file could otherwise overload the server.
const (
	minBcryptCost = bcrypt.MinCost
	maxBcryptCost = 12
	maxIterations = 1_000_000  // of PBKDF2
	maxWork       = 192 * 1024 // of argon2id: memory times passes, in KiB
)

// A bcrypt or PBKDF2 hash with these costs takes about as long as an argon2id hash with
// [Default]. A hash with a higher cost counts as expensive.
const (
	comparableBcryptCost = 9
	comparableIterations = 200_000
)

var (
	bcryptPattern = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	pbkdf2Pattern = regexp.MustCompile(`^pbkdf2_sha256\$([1-9][0-9]{0,6})\$([^$]{1,64})\$([A-Za-z0-9+/]{43}=)$`)
)

// Check fails with [ErrMalformed] unless Usher can verify the hash text, and its cost is
// within the limits.
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

// isExpensive reports whether verifying the hash costs more than verifying a hash with
// params. A malformed hash is not expensive, because verifying it fails at once.
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

// bcryptCost returns the cost of a bcrypt hash. ok is false if text is no bcrypt hash, or
// if its cost exceeds the limits.
func bcryptCost(text string) (cost int, ok bool) {
	parts := bcryptPattern.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	cost, err := strconv.Atoi(parts[1])
	return cost, err == nil && cost >= minBcryptCost && cost <= maxBcryptCost
}

// verifyBcrypt reports whether the password matches a bcrypt hash. Like other
// implementations of bcrypt, it ignores all but the first 72 bytes of the password.
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

// parsePBKDF2 parses a PBKDF2 hash. ok is false if text is no PBKDF2 hash, or if its cost
// exceeds the limits.
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
