package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// blockingRandom is a random source that blocks its readers while blocked is set.
type blockingRandom struct {
	mu      sync.Mutex
	blocked chan struct{} // closed to release the readers; nil to let them pass
	waiting chan struct{} // receives a value when a reader blocks
}

func (g *blockingRandom) Read(p []byte) (int, error) {
	g.mu.Lock()
	blocked := g.blocked
	g.mu.Unlock()
	if blocked != nil {
		g.waiting <- struct{}{}
		<-blocked
	}
	return rand.Read(p)
}

// newHeldPool returns a pool whose cores all stay in use until the test calls release.
func newHeldPool(t testing.TB, cores int) (pool *passhash.Pool, release func()) {
	t.Helper()
	g := &blockingRandom{waiting: make(chan struct{}, cores)}
	pool = servicetest.Must(passhash.New(servicetest.CheapHash, cores, g))
	g.blocked = make(chan struct{})
	var hash sync.WaitGroup
	hash.Go(func() {
		if _, err := pool.HashAll(context.WithoutCancel(t.Context()), make([]secret.Text, cores)); err != nil {
			t.Error(err)
		}
	})
	for range cores {
		<-g.waiting
	}
	release = sync.OnceFunc(func() {
		g.mu.Lock()
		close(g.blocked)
		g.blocked = nil
		g.mu.Unlock()
	})
	t.Cleanup(func() {
		release()
		hash.Wait()
	})
	return pool, release
}

// heldSignIns starts sign-ins while no password can be verified. It waits until early of them have
// returned, and then lets the others continue. It returns all outcomes.
func heldSignIns(f *servicetest.Fixture, attempts, early int, signIn func(s *service.Service, i int) error) []error {
	f.T.Helper()
	pool, release := newHeldPool(f.T, 2)
	s := f.With(func(o *service.Options) { o.Passwords = pool })
	results := make(chan error, attempts)
	for i := range attempts {
		go func() { results <- signIn(s, i) }()
	}
	var errs []error
	timeout := time.After(10 * time.Second)
	for len(errs) < attempts {
		if len(errs) == early {
			release()
		}
		select {
		case err := <-results:
			errs = append(errs, err)
		case <-timeout:
			f.T.Errorf("only %d sign-ins have returned while no password was verified, want %d", len(errs), early)
			release()
		}
	}
	return errs
}

// networkFailures returns the number of failures that the counter of a client network shows.
func networkFailures(f *servicetest.Fixture, clientNetwork string) (n int) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		c, err := tx.Throttle(ctx, lockout.NetworkKey(clientNetwork))
		n = c.WindowFailures
		return err
	})
	return n
}

// wantRetryAfter fails the test unless err tells the caller to try again.
func wantRetryAfter(t *testing.T, err error, code account.Code) {
	t.Helper()
	servicetest.WantCode(t, err, code)
	if servicetest.AsError(t, err).RetryAfter <= 0 {
		t.Errorf("RetryAfter is not set: %v", err)
	}
}

// from returns the origin of a request.
func from(clientNetwork string) account.Origin { return account.Origin{ClientNetwork: clientNetwork} }

// pausedSignIn signs in and pauses after the guess is reserved, while the attempt waits for a core.
// It then runs meanwhile. The sign-in continues when meanwhile calls release.
func pausedSignIn(
	f *servicetest.Fixture, email, password, clientNetwork string, meanwhile func(cancel, release func()),
) error {
	f.T.Helper()
	ctx, cancel := context.WithCancel(f.T.Context())
	defer cancel()
	pool, release := newHeldPool(f.T, 1)
	var running sync.WaitGroup
	f.Store.OnCall(func(name string) {
		if name != "SaveThrottle" {
			return
		}
		f.Store.OnCall(func(string) {})
		running.Go(func() { meanwhile(cancel, release) })
	})
	s := f.With(func(o *service.Options) { o.Passwords = pool })
	_, err := s.SignIn(ctx, email, secret.New(password), account.Origin{ClientNetwork: clientNetwork})
	running.Wait()
	return err
}

// abandonSignIn begins a sign-in whose caller disconnects after the guess is reserved, before the
// password is hashed. It returns the outcome, which the caller doesn't see.
func abandonSignIn(f *servicetest.Fixture, email, password, clientNetwork string) error {
	f.T.Helper()
	return pausedSignIn(f, email, password, clientNetwork, func(cancel, release func()) {
		f.TryWriteStore(func(context.Context, *account.Tx) error { return nil })
		cancel()
		release()
	})
}

// crashSignIn begins a sign-in whose process crashes after the guess is reserved, before its
// outcome is stored.
func crashSignIn(f *servicetest.Fixture, email, clientNetwork string) {
	f.T.Helper()
	defer f.Store.Down.Store(false)
	err := pausedSignIn(f, email, servicetest.Password, clientNetwork, func(_, release func()) {
		f.TryWriteStore(func(context.Context, *account.Tx) error { return nil })
		f.Store.Down.Store(true)
		release()
	})
	if !errors.Is(err, servicetest.ErrDown) {
		f.T.Fatalf("the sign-in returned %v, want ErrDown", err)
	}
}
