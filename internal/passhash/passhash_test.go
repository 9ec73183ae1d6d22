package passhash_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

var lowCost = passhash.Params{Memory: 64, Passes: 1, Threads: 1}

func newPool(t testing.TB, params passhash.Params, cores int) *passhash.Pool {
	t.Helper()
	pool, err := passhash.New(params, cores, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func acquire(t testing.TB, pool *passhash.Pool) *passhash.Slot {
	t.Helper()
	return acquireAs(t, pool, "client")
}

func acquireAs(t testing.TB, pool *passhash.Pool, client string) *passhash.Slot {
	t.Helper()
	slot, err := pool.Acquire(client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(slot.Release)
	return slot
}

func TestHashVerifies(t *testing.T) {
	pool := newPool(t, lowCost, 1)
	slot := acquire(t, pool)
	right, wrong := secret.New("Correct-Horse-7"), secret.New("Correct-Horse-8")
	text, err := slot.Hash(t.Context(), right)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "$argon2id$v=19$m=64,t=1,p=1$") || strings.Contains(text, right.Reveal()) {
		t.Errorf("hash %q", text)
	}
	if again, err := slot.Hash(t.Context(), right); err != nil || again == text {
		t.Errorf("two hashes share a salt (%v)", err)
	}
	if ok, err := slot.Verify(t.Context(), "account", right, text); !ok || err != nil {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := slot.Verify(t.Context(), "account", wrong, text); ok || err != nil {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
	if ok, err := slot.Verify(t.Context(), "account", right, pool.DummyHash()); ok || err != nil {
		t.Errorf("a password matches the dummy hash: %v, %v", ok, err)
	}
	if got := pool.HashCount(); got != 5 {
		t.Errorf("counted %d hashes, want 5", got)
	}
}

// The hash is a test vector in test.c of the reference implementation: argon2id, v=19, t=2,
// m=64 MiB, p=1, password "password", salt "somesalt".
func TestKnownHash(t *testing.T) {
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	slot := acquire(t, newPool(t, lowCost, 1))
	if ok, err := slot.Verify(t.Context(), "account", secret.New("password"), known); !ok || err != nil {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestNeedsRehash(t *testing.T) {
	old, now := newPool(t, lowCost, 1), newPool(t, passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 1)
	text, err := acquire(t, old).Hash(t.Context(), secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	if old.NeedsRehash(text) || !now.NeedsRehash(text) || !now.NeedsRehash("rubbish") {
		t.Error("NeedsRehash reports the wrong hashes")
	}
}

func TestMalformedHashes(t *testing.T) {
	slot := acquire(t, newPool(t, lowCost, 1))
	for _, text := range []string{
		"", "plain", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
		"$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=64,t=1,p=1$!!$c29tZXNhbHRzb21lc2FsdA",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c2hvcnQ",
	} {
		if ok, err := slot.Verify(t.Context(), "account", secret.New("x"), text); ok || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
}

func TestFullQueueRefuses(t *testing.T) {
	pool := newPool(t, lowCost, 2)
	var slots []*passhash.Slot
	for i := range 128 {
		slots = append(slots, acquireAs(t, pool, fmt.Sprint(i)))
	}
	if _, err := pool.Acquire("one more"); !errors.Is(err, passhash.ErrBusy) {
		t.Fatalf("Acquire = %v, want ErrBusy", err)
	}
	slots[0].Release()
	slots[0].Release() // the second call must not free another slot
	acquireAs(t, pool, "one more")
	if _, err := pool.Acquire("and another"); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("Acquire = %v, want ErrBusy", err)
	}
}

// One client cannot take all slots of the pool, only half of them.
func TestOneClientGetsHalfOfTheSlots(t *testing.T) {
	pool := newPool(t, lowCost, 1)
	var last *passhash.Slot
	for range 32 {
		last = acquireAs(t, pool, "client")
	}
	if _, err := pool.Acquire("client"); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("Acquire = %v, want ErrBusy", err)
	}
	acquireAs(t, pool, "another client")
	last.Release()
	acquireAs(t, pool, "client")
}

// blockingReader is a source of random bytes that blocks until opened is closed. A hash that
// reads its salt from this source occupies a core for that time.
type blockingReader struct{ opened chan struct{} }

func (g *blockingReader) Read(p []byte) (int, error) {
	<-g.opened
	return rand.Read(p)
}

// A waiting sign-in gets a core before bulk work that has waited longer.
func TestSignInsGoFirst(t *testing.T) {
	g := &blockingReader{opened: make(chan struct{})}
	close(g.opened)
	pool, err := passhash.New(lowCost, 1, g)
	if err != nil {
		t.Fatal(err)
	}
	unblock := pool.Occupy(t)
	g.opened = make(chan struct{}) // replaced before unblock, so no goroutine reads it at this time
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := pool.HashAll(t.Context(), []secret.Text{secret.New("x")}); err != nil {
			t.Error(err)
		}
	})
	pool.AwaitWaiting(t, 0, 1)
	slot := acquire(t, pool)
	all.Go(func() {
		if _, err := slot.Hash(t.Context(), secret.New("x")); err != nil {
			t.Error(err)
		}
	})
	pool.AwaitWaiting(t, 1, 1)
	unblock()
	pool.AwaitWaiting(t, 0, 1) // the sign-in has the core, and blocks while it reads its salt
	close(g.opened)
	all.Wait()
}

func TestCancelledWaitFreesTheCore(t *testing.T) {
	pool := newPool(t, lowCost, 1)
	unblock := pool.Occupy(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := pool.HashAll(ctx, []secret.Text{secret.New("x")})
		ended <- err
	}()
	pool.AwaitWaiting(t, 0, 1)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	unblock()
	if _, err := pool.HashAll(t.Context(), []secret.Text{secret.New("x")}); err != nil {
		t.Errorf("the core is not freed: %v", err)
	}
}

func TestHashAllKeepsTheOrder(t *testing.T) {
	pool := newPool(t, lowCost, 2)
	passwords := []secret.Text{secret.New("a"), secret.New("b"), secret.New("c"), secret.New("d"), secret.New("e")}
	hashes, err := pool.HashAll(t.Context(), passwords)
	if err != nil {
		t.Fatal(err)
	}
	slot := acquire(t, pool)
	for i, password := range passwords {
		if ok, err := slot.Verify(t.Context(), "account", password, hashes[i]); !ok || err != nil {
			t.Errorf("hash %d does not match its password: %v", i, err)
		}
	}
	if hashes, err := pool.HashAll(t.Context(), nil); len(hashes) != 0 || err != nil {
		t.Errorf("no passwords: %v, %v", hashes, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA")
	f.Add("$argon2id$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) { passhash.CheckDecode(t, text) })
}

func BenchmarkHash(b *testing.B) {
	slot := acquire(b, newPool(b, passhash.Default, 1))
	for b.Loop() {
		if _, err := slot.Hash(b.Context(), secret.New("Correct-Horse-7")); err != nil {
			b.Fatal(err)
		}
	}
}

// importedHashes are hashes in the formats of other systems, each with its password.
var importedHashes = []struct{ name, text, password string }{
	// These are test vectors of crypt_blowfish, which introduced $2b$ and $2y$.
	{"bcrypt 2a", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt 2b", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt 2y", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	// This is the test vector of RFC 7914, section 11, in Django's format: password
	// "Password", salt "NaCl", 80000 iterations. Django keeps only the first 32 bytes of the
	// result.
	{"pbkdf2", "pbkdf2_sha256$80000$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=", "Password"},
	{"argon2id", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
}

func TestImportedHashes(t *testing.T) {
	pool := newPool(t, lowCost, 1)
	slot := acquire(t, pool)
	for _, test := range importedHashes {
		if err := passhash.Check(test.text); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for password, want := range map[string]bool{test.password: true, test.password + "x": false, "": false} {
			if ok, err := slot.Verify(t.Context(), "account", secret.New(password), test.text); ok != want || err != nil {
				t.Errorf("%s of %q: %v, %v", test.name, password, ok, err)
			}
		}
		if !pool.NeedsRehash(test.text) {
			t.Errorf("%s does not need a rehash", test.name)
		}
	}
}

// bcrypt ignores all but the first 72 bytes of a password.
func TestBcryptComparesTheFirst72Bytes(t *testing.T) {
	slot := acquire(t, newPool(t, lowCost, 1))
	long := strings.Repeat("0123456789", 8)
	hash, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]bool{71: false, 72: true, 73: true, 80: true} {
		if ok, err := slot.Verify(t.Context(), "account", secret.New(long[:n]), string(hash)); ok != want || err != nil {
			t.Errorf("%d bytes: %v, %v", n, ok, err)
		}
	}
}

const (
	argon2Rest = "$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA"
	bcryptRest = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	pbkdf2Rest = "$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y="
)

// Check accepts the default costs of other systems, and costs that are exactly at the
// limits.
func TestCheckAcceptsHashesWithinLimits(t *testing.T) {
	for _, text := range []string{
		"$2a$04$" + bcryptRest, "$2b$10$" + bcryptRest, "$2y$12$" + bcryptRest,
		"pbkdf2_sha256$600000" + pbkdf2Rest, "pbkdf2_sha256$1000000" + pbkdf2Rest,
		"$argon2id$v=19$m=65536,t=3,p=4" + argon2Rest, // RFC 9106, section 4, the second recommended option
		"$argon2id$v=19$m=12288,t=16,p=1" + argon2Rest,
	} {
		if err := passhash.Check(text); err != nil {
			t.Errorf("%q is refused: %v", text, err)
		}
	}
}

// Verifications that cost more than the pool's own hashes run one at a time. While they
// wait, they occupy no core.
func TestExpensiveHashesAreSerialized(t *testing.T) {
	pool := newPool(t, passhash.Default, 1)
	slot := acquire(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unblock := pool.OccupyExpensive(t)
	for text, waits := range map[string]bool{
		"$argon2id$v=19$m=19456,t=2,p=1" + argon2Rest: false,
		"$argon2id$v=19$m=19456,t=2,p=4" + argon2Rest: false,
		"$argon2id$v=19$m=19457,t=1,p=1" + argon2Rest: true,
		"$argon2id$v=19$m=19456,t=3,p=1" + argon2Rest: true,
		"$argon2id$v=19$m=4096,t=10,p=1" + argon2Rest: true,
		"$2b$09$" + bcryptRest:                        false,
		"$2b$10$" + bcryptRest:                        true,
		"pbkdf2_sha256$200000" + pbkdf2Rest:           false,
		"pbkdf2_sha256$200001" + pbkdf2Rest:           true,
		"rubbish":                                     false,
	} {
		_, err := slot.Verify(ctx, "account", secret.New("x"), text)
		if errors.Is(err, context.Canceled) != waits {
			t.Errorf("%q: got %v, want that it waits: %v", text, err, waits)
		}
	}
	ended := make(chan error)
	go func() {
		_, err := slot.Verify(t.Context(), "account", secret.New("x"), "$2b$10$"+bcryptRest)
		ended <- err
	}()
	if _, err := slot.Hash(t.Context(), secret.New("x")); err != nil {
		t.Errorf("a hash of the pool's own: %v", err)
	}
	unblock()
	if err := <-ended; err != nil {
		t.Errorf("an expensive hash that has waited: %v", err)
	}
	if _, err := slot.Verify(t.Context(), "account", secret.New("x"), "$2b$10$"+bcryptRest); err != nil {
		t.Errorf("the semaphore is not freed: %v", err)
	}
}

// Attempts at accounts with expensive hashes hold at most 8 slots, and those at one account 2.
func TestExpensiveHashesHoldFewSlots(t *testing.T) {
	const hash = "$2b$10$" + bcryptRest
	pool := newPool(t, passhash.Default, 2)
	unblock := pool.OccupyExpensive(t)
	var all sync.WaitGroup
	waits := func(ctx context.Context, account string) {
		slot := acquire(t, pool)
		all.Go(func() {
			if _, err := slot.Verify(ctx, account, secret.New("x"), hash); err != nil && ctx.Err() == nil {
				t.Errorf("%s: %v", account, err)
			}
		})
	}
	refuses := func(account string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := acquire(t, pool).Verify(ctx, account, secret.New("x"), hash); !errors.Is(err, passhash.ErrBusy) {
			t.Errorf("%s: got %v, want ErrBusy", account, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits(t.Context(), "one")
	waits(ctx, "one")
	pool.AwaitExpensive(t, 2)
	refuses("one")
	for i := range 6 {
		waits(t.Context(), fmt.Sprint("other ", i%3))
	}
	pool.AwaitExpensive(t, 8)
	refuses("another")
	if _, err := acquire(t, pool).Verify(t.Context(), "one", secret.New("x"), pool.DummyHash()); err != nil {
		t.Errorf("a hash of the pool's own: %v", err)
	}
	cancel() // gives the place back
	pool.AwaitExpensive(t, 7)
	waits(t.Context(), "one")
	pool.AwaitExpensive(t, 8)
	unblock()
	all.Wait()
	pool.AwaitExpensive(t, 0)
}

// Check refuses unknown formats, and costs beyond the limits.
func TestCheckRefusesHashesBeyondLimits(t *testing.T) {
	slot := acquire(t, newPool(t, lowCost, 1))
	for _, text := range []string{
		"", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$x$y",
		"$2$05$" + bcryptRest, "$2x$05$" + bcryptRest,
		"$2a$03$" + bcryptRest, "$2a$13$" + bcryptRest, "$2a$31$" + bcryptRest, "$2a$5$" + bcryptRest,
		"$2a$05$" + bcryptRest + "x", "$2a$05$" + bcryptRest[1:],
		" $2a$05$" + bcryptRest, "$2a$05$" + bcryptRest + "\n",
		"pbkdf2_sha256$1000001" + pbkdf2Rest, "pbkdf2_sha256$0" + pbkdf2Rest,
		"pbkdf2_sha256$1$$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=",
		"pbkdf2_sha256$1$NaCl$short", "pbkdf2_sha1$1" + pbkdf2Rest,
		"$argon2id$v=19$m=65536,t=4,p=1" + argon2Rest, "$argon2id$v=19$m=65537,t=1,p=1" + argon2Rest,
		"$argon2id$v=19$m=64,t=17,p=1" + argon2Rest,
		"$argon2id$v=19$m=64,t=1,p=5" + argon2Rest,
	} {
		if err := passhash.Check(text); !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q is accepted: %v", text, err)
		}
		if ok, err := slot.Verify(t.Context(), "account", secret.New("U*U"), text); ok || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
}

// The pool reuses memory and computes hashes in parallel. Its hashes equal those of
// golang.org/x/crypto/argon2.
func TestHashesMatchReferenceImplementation(t *testing.T) {
	for _, params := range []passhash.Params{
		lowCost,
		{Memory: 8, Passes: 1, Threads: 1},
		{Memory: 999, Passes: 3, Threads: 2},
		{Memory: 256, Passes: 2, Threads: 4},
		passhash.Default,
	} {
		pool := newPool(t, params, 4)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				password := strings.Repeat("ä7-Zx", i)
				texts, err := pool.HashAll(t.Context(), []secret.Text{secret.New(password)})
				if err != nil {
					t.Error(err)
					return
				}
				parts := strings.Split(texts[0], "$")
				salt, err := base64.RawStdEncoding.DecodeString(parts[4])
				if err != nil {
					t.Error(err)
				}
				want := argon2.IDKey([]byte(password), salt, params.Passes, params.Memory, params.Threads, 32)
				if got := base64.RawStdEncoding.EncodeToString(want); got != parts[5] {
					t.Errorf("%+v: the hash of %q is %s, want the sum %s", params, password, texts[0], got)
				}
			})
		}
		all.Wait()
	}
}
