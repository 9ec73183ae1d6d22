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

// Usher makes argon2id hashes alone. Those that it takes over from other systems
// may be of these forms, too, until their passwords are hashed anew at the next
// sign-in:
//
//	$2a$10$…, $2b$…, $2y$…            bcrypt, costs 4 to 12
//	pbkdf2_sha256$600000$salt$sum     PBKDF2 (RFC 8018) as Django writes it

// Bounds of what one look at a hash from elsewhere can make the server spend: a
// third of a second, about, and 64 MiB. Who imports hashes chooses what sign-ins
// with them cost, and anybody can try to sign in.
const (
	minBcryptCost = bcrypt.MinCost
	maxBcryptCost = 12
	maxIterations = 1_000_000 // of PBKDF2
	// maxSpent bounds memory times passes of argon2id, in KiB.
	maxSpent = 192 * 1024
)

// What takes about as long as argon2id with [Default]; above it a hash is costly.
const (
	cheapBcryptCost = 9
	cheapIterations = 200_000
)

var (
	bcryptForm = regexp.MustCompile(`^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$`)
	pbkdf2Form = regexp.MustCompile(`^pbkdf2_sha256\$([1-9][0-9]{0,6})\$([^$]{1,64})\$([A-Za-z0-9+/]{43}=)$`)
)

// Check fails with [ErrMalformed] unless the text is a hash that Usher can verify,
// at a cost within its bounds.
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

// costly reports whether it costs more to verify a hash than one made with params.
func costly(params Params, text string) bool {
	if cost, ok := bcryptCost(text); ok {
		return cost > cheapBcryptCost
	}
	if h, ok := parsePBKDF2(text); ok {
		return h.iterations > cheapIterations
	}
	e, err := decode(text)
	return err == nil && (e.params.Memory > params.Memory || e.params.spent() > params.spent())
}

func bcryptCost(text string) (int, bool) {
	parts := bcryptForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	cost, err := strconv.Atoi(parts[1])
	return cost, err == nil && cost >= minBcryptCost && cost <= maxBcryptCost
}

// verifyBcrypt compares as the system did that the hash comes from: what stands
// behind the first 72 bytes of a password does not count.
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

type pbkdf2Hash struct {
	iterations int
	salt, sum  []byte
}

func parsePBKDF2(text string) (h pbkdf2Hash, ok bool) {
	parts := pbkdf2Form.FindStringSubmatch(text)
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
