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

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

var cheap = passhash.Params{Memory: 64, Passes: 1, Threads: 1}

func newPool(t testing.TB, params passhash.Params, cores int) *passhash.Pool {
	t.Helper()
	pool, err := passhash.New(params, cores, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pool
}

func enter(t testing.TB, pool *passhash.Pool) *passhash.Slot {
	t.Helper()
	return enterAs(t, pool, "somebody")
}

func enterAs(t testing.TB, pool *passhash.Pool, who string) *passhash.Slot {
	t.Helper()
	ticket, err := pool.Acquire(who)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ticket.Release)
	return ticket
}

func TestHashVerifies(t *testing.T) {
	pool := newPool(t, cheap, 1)
	ticket := enter(t, pool)
	right, wrong := secret.New("Correct-Horse-7"), secret.New("Correct-Horse-8")
	text, err := ticket.Hash(t.Context(), right)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "$argon2id$v=19$m=64,t=1,p=1$") || strings.Contains(text, right.Reveal()) {
		t.Errorf("hash %q", text)
	}
	if again, err := ticket.Hash(t.Context(), right); err != nil || again == text {
		t.Errorf("two hashes share a salt (%v)", err)
	}
	if ok, err := ticket.Verify(t.Context(), right, text); !ok || err != nil {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := ticket.Verify(t.Context(), wrong, text); ok || err != nil {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
	if ok, err := ticket.Verify(t.Context(), right, pool.Dummy()); ok || err != nil {
		t.Errorf("a password matches the dummy: %v, %v", ok, err)
	}
	if got := pool.Hashed(); got != 5 {
		t.Errorf("counted %d hashes, want 5", got)
	}
}

// The vector is that of the reference implementation's test.c: argon2id, v=19,
// t=2, m=64 MiB, p=1, "password", "somesalt".
func TestKnownHash(t *testing.T) {
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ticket := enter(t, newPool(t, cheap, 1))
	if ok, err := ticket.Verify(t.Context(), secret.New("password"), known); !ok || err != nil {
		t.Errorf("Verify = %v, %v", ok, err)
	}
}

func TestOutdated(t *testing.T) {
	old, now := newPool(t, cheap, 1), newPool(t, passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 1)
	text, err := enter(t, old).Hash(t.Context(), secret.New("x"))
	if err != nil {
		t.Fatal(err)
	}
	if old.Outdated(text) || !now.Outdated(text) || !now.Outdated("rubbish") {
		t.Error("Outdated tells the wrong thing")
	}
}

func TestMalformedHashes(t *testing.T) {
	ticket := enter(t, newPool(t, cheap, 1))
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
		if ok, err := ticket.Verify(t.Context(), secret.New("x"), text); ok || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
}

func TestFullQueueRefuses(t *testing.T) {
	pool := newPool(t, cheap, 2)
	var tickets []*passhash.Slot
	for i := range 128 {
		tickets = append(tickets, enterAs(t, pool, fmt.Sprint(i)))
	}
	if _, err := pool.Acquire("one more"); !errors.Is(err, passhash.ErrBusy) {
		t.Fatalf("Enter = %v, want ErrBusy", err)
	}
	tickets[0].Release()
	tickets[0].Release() // must free one place, not two
	enterAs(t, pool, "one more")
	if _, err := pool.Acquire("and another"); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("Enter = %v, want ErrBusy", err)
	}
}

// One alone cannot take all places.
func TestShareOfTheQueue(t *testing.T) {
	pool := newPool(t, cheap, 1)
	var last *passhash.Slot
	for range 32 {
		last = enterAs(t, pool, "greedy")
	}
	if _, err := pool.Acquire("greedy"); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("Enter = %v, want ErrBusy", err)
	}
	enterAs(t, pool, "modest")
	last.Release()
	enterAs(t, pool, "greedy")
}

// gate is a source of random that gives nothing, once it is closed, until it is
// opened: a hash stays under way for as long.
type gate struct{ opened chan struct{} }

func (g *gate) Read(p []byte) (int, error) {
	<-g.opened
	return rand.Read(p)
}

// A sign-in that waits goes before bulk work that waited longer.
func TestSignInsGoFirst(t *testing.T) {
	g := &gate{opened: make(chan struct{})}
	close(g.opened)
	pool, err := passhash.New(cheap, 1, g)
	if err != nil {
		t.Fatal(err)
	}
	unblock := pool.Occupy(t)
	g.opened = make(chan struct{}) // nobody reads before unblock
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := pool.HashAll(t.Context(), []secret.Text{secret.New("x")}); err != nil {
			t.Error(err)
		}
	})
	pool.AwaitWaiting(t, 0, 1)
	ticket := enter(t, pool)
	all.Go(func() {
		if _, err := ticket.Hash(t.Context(), secret.New("x")); err != nil {
			t.Error(err)
		}
	})
	pool.AwaitWaiting(t, 1, 1)
	unblock()
	pool.AwaitWaiting(t, 0, 1) // the sign-in has the slot, and cannot end
	close(g.opened)
	all.Wait()
}

func TestCancelledWaitLeavesTheSlot(t *testing.T) {
	pool := newPool(t, cheap, 1)
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
		t.Errorf("the slot is lost: %v", err)
	}
}

func TestHashAllKeepsTheOrder(t *testing.T) {
	pool := newPool(t, cheap, 2)
	passwords := []secret.Text{secret.New("a"), secret.New("b"), secret.New("c"), secret.New("d"), secret.New("e")}
	hashes, err := pool.HashAll(t.Context(), passwords)
	if err != nil {
		t.Fatal(err)
	}
	ticket := enter(t, pool)
	for i, password := range passwords {
		if ok, err := ticket.Verify(t.Context(), password, hashes[i]); !ok || err != nil {
			t.Errorf("hash %d is not that of its password: %v", i, err)
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
	ticket := enter(b, newPool(b, passhash.Default, 1))
	for b.Loop() {
		if _, err := ticket.Hash(b.Context(), secret.New("Correct-Horse-7")); err != nil {
			b.Fatal(err)
		}
	}
}

// Hashes of other systems, each of "password" or what it says.
var imported = []struct{ name, text, password string }{
	// The vector of crypt_blowfish, which is the origin of $2b$ and $2y$.
	{"bcrypt 2a", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt 2b", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"bcrypt 2y", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	// The vector of RFC 7914, 11, as Django would write it: "Password", "NaCl", 80000 iterations, of which Django keeps 32 bytes.
	{"pbkdf2", "pbkdf2_sha256$80000$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=", "Password"},
	{"argon2id", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
}

func TestImportedHashes(t *testing.T) {
	pool := newPool(t, cheap, 1)
	ticket := enter(t, pool)
	for _, test := range imported {
		if err := passhash.Check(test.text); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for password, want := range map[string]bool{test.password: true, test.password + "x": false, "": false} {
			if ok, err := ticket.Verify(t.Context(), secret.New(password), test.text); ok != want || err != nil {
				t.Errorf("%s of %q: %v, %v", test.name, password, ok, err)
			}
		}
		if !pool.Outdated(test.text) {
			t.Errorf("%s is not made anew", test.name)
		}
	}
}

// As in the system that a bcrypt hash comes from, 72 bytes of a password count.
func TestBcryptTakes72Bytes(t *testing.T) {
	ticket := enter(t, newPool(t, cheap, 1))
	long := strings.Repeat("0123456789", 8)
	made, err := bcrypt.GenerateFromPassword([]byte(long[:72]), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]bool{71: false, 72: true, 73: true, 80: true} {
		if ok, err := ticket.Verify(t.Context(), secret.New(long[:n]), string(made)); ok != want || err != nil {
			t.Errorf("%d bytes: %v, %v", n, ok, err)
		}
	}
}

const (
	argon2Rest = "$c29tZXNhbHQ$c29tZXNhbHRzb21lc2FsdA"
	bcryptRest = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	pbkdf2Rest = "$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y="
)

// The costs that systems have by default, and the bounds themselves, may come in.
func TestFitHashes(t *testing.T) {
	for _, text := range []string{
		"$2a$04$" + bcryptRest, "$2b$10$" + bcryptRest, "$2y$12$" + bcryptRest,
		"pbkdf2_sha256$600000" + pbkdf2Rest, "pbkdf2_sha256$1000000" + pbkdf2Rest,
		"$argon2id$v=19$m=65536,t=3,p=4" + argon2Rest, // RFC 9106, 4, the second choice
		"$argon2id$v=19$m=12288,t=16,p=1" + argon2Rest,
	} {
		if err := passhash.Check(text); err != nil {
			t.Errorf("%q may not be imported: %v", text, err)
		}
	}
}

// Hashes that cost more than the pool's own wait for each other, and take no slot
// from the others as they wait.
func TestCostlyHashesRunAlone(t *testing.T) {
	pool := newPool(t, passhash.Default, 1)
	ticket := enter(t, pool)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	unblock := pool.OccupyCostly(t)
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
		_, err := ticket.Verify(ctx, secret.New("x"), text)
		if errors.Is(err, context.Canceled) != waits {
			t.Errorf("%q: got %v, want it to wait: %v", text, err, waits)
		}
	}
	ended := make(chan error)
	go func() {
		_, err := ticket.Verify(t.Context(), secret.New("x"), "$2b$10$"+bcryptRest)
		ended <- err
	}()
	if _, err := ticket.Hash(t.Context(), secret.New("x")); err != nil {
		t.Errorf("a hash of the pool's own: %v", err)
	}
	unblock()
	if err := <-ended; err != nil {
		t.Errorf("a costly hash in its turn: %v", err)
	}
	if _, err := ticket.Verify(t.Context(), secret.New("x"), "$2b$10$"+bcryptRest); err != nil {
		t.Errorf("the turn is lost: %v", err)
	}
}

// What costs too much, or is no hash that Usher knows, is not taken over.
func TestUnfitHashes(t *testing.T) {
	ticket := enter(t, newPool(t, cheap, 1))
	for _, text := range []string{
		"", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$x$y", "$2$05$" + bcryptRest, "$2x$05$" + bcryptRest, "$2a$03$" + bcryptRest, "$2a$13$" + bcryptRest, "$2a$31$" + bcryptRest,
		"$2a$05$" + bcryptRest + "x", "$2a$05$" + bcryptRest[1:], "$2a$5$" + bcryptRest, " $2a$05$" + bcryptRest, "$2a$05$" + bcryptRest + "\n",
		"pbkdf2_sha256$1000001$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=", "pbkdf2_sha256$0$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=",
		"pbkdf2_sha256$1$$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=", "pbkdf2_sha256$1$NaCl$short", "pbkdf2_sha1$1$NaCl$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1Y=",
		"$argon2id$v=19$m=65536,t=4,p=1" + argon2Rest, "$argon2id$v=19$m=65537,t=1,p=1" + argon2Rest, "$argon2id$v=19$m=64,t=17,p=1" + argon2Rest,
		"$argon2id$v=19$m=64,t=1,p=5" + argon2Rest,
	} {
		if err := passhash.Check(text); !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q may be imported: %v", text, err)
		}
		if ok, err := ticket.Verify(t.Context(), secret.New("U*U"), text); ok || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
}

// What pools compute, in memory that was used before, is argon2id as the reference
// implementation in Go has it, whoever else computes at the same time.
func TestHashesAreArgon2id(t *testing.T) {
	for _, params := range []passhash.Params{cheap, {Memory: 8, Passes: 1, Threads: 1}, {Memory: 999, Passes: 3, Threads: 2}, {Memory: 256, Passes: 2, Threads: 4}, passhash.Default} {
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
