package passhash

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// Params are the cost of a hash: what OWASP's Password Storage Cheat Sheet calls
// m, t and p.
type Params struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// spent is memory times passes, in KiB, which the time goes with.
func (p Params) spent() uint64 { return uint64(p.Memory) * uint64(p.Passes) }

// Default is argon2id with m=19 MiB, t=2, p=1, from the same cheat sheet.
var Default = Params{Memory: 19456, Passes: 2, Threads: 1}

// ErrMalformed means that a text is no hash that Usher can verify: another
// algorithm or version, or costs out of bounds.
var ErrMalformed = errors.New("passhash: malformed hash")

// Bounds of a stored hash. A hash is checked with its own costs, so they bound
// what one look at the database can make the server spend.
const (
	saltLength = 16
	sumLength  = 32
	maxMemory  = 64 * 1024 // KiB
	maxPasses  = 16
	maxThreads = 4
	maxLength  = 64 // of salt and sum, in bytes

	paramsForm = "m=%d,t=%d,p=%d"
)

// encoded is a stored hash, in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<sum>, both in unpadded base64.
type encoded struct {
	params    Params
	salt, sum []byte
}

func (e encoded) String() string {
	return fmt.Sprintf("$argon2id$v=%d$"+paramsForm+"$%s$%s", argon2.Version,
		e.params.Memory, e.params.Passes, e.params.Threads,
		base64.RawStdEncoding.EncodeToString(e.salt), base64.RawStdEncoding.EncodeToString(e.sum))
}

func decode(text string) (encoded, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return encoded{}, ErrMalformed
	}
	var e encoded
	p := &e.params
	_, err := fmt.Sscanf(parts[3], paramsForm, &p.Memory, &p.Passes, &p.Threads)
	if err != nil || fmt.Sprintf(paramsForm, p.Memory, p.Passes, p.Threads) != parts[3] {
		return encoded{}, ErrMalformed
	}
	var saltErr, sumErr error
	strict := base64.RawStdEncoding.Strict()
	e.salt, saltErr = strict.DecodeString(parts[4])
	e.sum, sumErr = strict.DecodeString(parts[5])
	switch {
	case saltErr != nil || len(e.salt) < 8 || len(e.salt) > maxLength,
		sumErr != nil || len(e.sum) < 16 || len(e.sum) > maxLength,
		p.Passes < 1 || p.Passes > maxPasses,
		p.Threads < 1 || p.Threads > maxThreads,
		p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory || p.spent() > maxSpent:
		return encoded{}, ErrMalformed
	}
	return e, nil
}

// compute spends the costs of the pool on password with a fresh salt.
func (p *Pool) compute(password secret.Text) (string, error) {
	e := encoded{params: p.params, salt: make([]byte, saltLength)}
	if _, err := io.ReadFull(p.random, e.salt); err != nil {
		return "", fmt.Errorf("passhash: read random: %w", err)
	}
	e.sum = p.sum([]byte(password.Reveal()), e.salt, nil, nil, sumLength)
	return e.String(), nil
}

// verify spends the costs written in the hash and compares in constant time.
func (p *Pool) verify(password secret.Text, text string) (bool, error) {
	if _, ok := bcryptCost(text); ok {
		return verifyBcrypt(password, text)
	}
	if h, ok := parsePBKDF2(text); ok {
		return h.verify(password)
	}
	e, err := decode(text)
	if err != nil {
		return false, err
	}
	sum := p.sum
	if e.params != p.params {
		sum = sumOf(e.params)
	}
	got := sum([]byte(password.Reveal()), e.salt, nil, nil, uint32(len(e.sum)))
	return subtle.ConstantTimeCompare(got, e.sum) == 1, nil
}

// sumOf computes argon2id with costs that are not a pool's: those of before, or of another
// system.
func sumOf(params Params) summer {
	return func(password, salt, _, _ []byte, length uint32) []byte {
		return argon2.IDKey(password, salt, params.Passes, params.Memory, params.Threads, length)
	}
}

// dummy makes a hash that no password matches. It costs as much to check as a
// real one and nothing to make.
func dummy(params Params, random io.Reader) (string, error) {
	e := encoded{params: params, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
	for _, part := range [][]byte{e.salt, e.sum} {
		if _, err := io.ReadFull(random, part); err != nil {
			return "", fmt.Errorf("passhash: read random: %w", err)
		}
	}
	return e.String(), nil
}
