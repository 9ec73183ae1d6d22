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

// Params are the cost parameters of argon2id: memory, passes and threads. RFC 9106 and
// OWASP's Password Storage Cheat Sheet call them m, t and p.
type Params struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// work returns memory times passes, in KiB. The duration of a hash is proportional to this
// product.
func (p Params) work() uint64 { return uint64(p.Memory) * uint64(p.Passes) }

// Default is m=19 MiB, t=2, p=1, as OWASP's Password Storage Cheat Sheet recommends.
var Default = Params{Memory: 19456, Passes: 2, Threads: 1}

// ErrMalformed means that Usher cannot verify a hash: its algorithm, version or format is
// unknown, or its cost parameters exceed the limits.
var ErrMalformed = errors.New("passhash: malformed hash")

// Limits of a stored argon2id hash. Usher verifies a hash with the cost parameters in the
// hash, so these limits bound the time and memory of one verification.
const (
	saltLength = 16        // of new hashes, in bytes
	sumLength  = 32        // of new hashes, in bytes
	maxMemory  = 64 * 1024 // KiB
	maxPasses  = 16
	maxThreads = 4
	maxLength  = 64 // of the salt, and also of the sum, in bytes

	paramsFormat = "m=%d,t=%d,p=%d"
)

// encoded is an argon2id hash in the PHC string format,
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<sum>, with salt and sum in unpadded base64.
type encoded struct {
	params    Params
	salt, sum []byte
}

func (e encoded) String() string {
	return fmt.Sprintf("$argon2id$v=%d$"+paramsFormat+"$%s$%s", argon2.Version,
		e.params.Memory, e.params.Passes, e.params.Threads,
		base64.RawStdEncoding.EncodeToString(e.salt), base64.RawStdEncoding.EncodeToString(e.sum))
}

// decode parses a hash in the PHC string format. It fails with [ErrMalformed].
func decode(text string) (encoded, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return encoded{}, ErrMalformed
	}
	var e encoded
	p := &e.params
	_, err := fmt.Sscanf(parts[3], paramsFormat, &p.Memory, &p.Passes, &p.Threads)
	if err != nil || fmt.Sprintf(paramsFormat, p.Memory, p.Passes, p.Threads) != parts[3] {
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
		p.Memory < 8*uint32(p.Threads) || p.Memory > maxMemory || p.work() > maxWork:
		return encoded{}, ErrMalformed
	}
	return e, nil
}

// compute hashes the password with a new salt and the cost parameters of the pool. The caller
// must have called acquireCore.
func (p *Pool) compute(password secret.Text) (string, error) {
	e := encoded{params: p.params, salt: make([]byte, saltLength)}
	if _, err := io.ReadFull(p.random, e.salt); err != nil {
		return "", fmt.Errorf("passhash: read random: %w", err)
	}
	e.sum = p.argon2([]byte(password.Reveal()), e.salt, nil, nil, sumLength)
	return e.String(), nil
}

// verify hashes the password with the salt and the cost parameters of the stored hash text,
// and compares the results in constant time. The caller must have called acquireCore.
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
	sum := p.argon2
	if e.params != p.params {
		sum = argon2With(e.params)
	}
	got := sum([]byte(password.Reveal()), e.salt, nil, nil, uint32(len(e.sum)))
	return subtle.ConstantTimeCompare(got, e.sum) == 1, nil
}

// argon2With returns a function that computes argon2id with params. The pool uses it for hashes
// whose cost parameters differ from its own, such as hashes of another system. The function
// allocates its memory instead of reusing buffers.
func argon2With(params Params) argon2Func {
	return func(password, salt, _, _ []byte, length uint32) []byte {
		return argon2.IDKey(password, salt, params.Passes, params.Memory, params.Threads, length)
	}
}

// newDummyHash returns a well-formed hash of random bytes. The chance that a password matches
// this hash is negligible. Verifying the dummy hash costs as much as verifying a real one.
func newDummyHash(params Params, random io.Reader) (string, error) {
	e := encoded{params: params, salt: make([]byte, saltLength), sum: make([]byte, sumLength)}
	for _, part := range [][]byte{e.salt, e.sum} {
		if _, err := io.ReadFull(random, part); err != nil {
			return "", fmt.Errorf("passhash: read random: %w", err)
		}
	}
	return e.String(), nil
}
