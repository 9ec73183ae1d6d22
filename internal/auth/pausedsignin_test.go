package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// gate is a source of random that, once closed, gives nothing until it is opened.
type blockingRandom struct {
	mu     sync.Mutex
	closed chan struct{} // nil: open
	waits  chan struct{} // receives when a reader has come to the closed gate
}

func (g *blockingRandom) Read(p []byte) (int, error) {
	g.mu.Lock()
	closed := g.closed
	g.mu.Unlock()
	if closed != nil {
		g.waits <- struct{}{}
		<-closed
	}
	return rand.Read(p)
}

// heldPool returns a pool whose only slot is taken until release is called.
func newHeldPool(t testing.TB) (pool *passhash.Pool, release func()) {
	t.Helper()
	g := &blockingRandom{waits: make(chan struct{}, 1)}
	pool = servicetest.Must(passhash.New(servicetest.CheapHash, 1, g))
	g.closed = make(chan struct{})
	var held sync.WaitGroup
	held.Go(func() {
		if _, err := pool.HashAll(context.WithoutCancel(t.Context()), []secret.Text{secret.New("x")}); err != nil {
			t.Error(err)
		}
	})
	<-g.waits
	release = sync.OnceFunc(func() {
		g.mu.Lock()
		close(g.closed)
		g.closed = nil
		g.mu.Unlock()
	})
	t.Cleanup(func() {
		release()
		held.Wait()
	})
	return pool, release
}

// pausedSignIn signs in with the right password and runs meanwhile once the try
// is reserved and waits to be hashed, which it does until release is called.
func pausedSignIn(f *servicetest.Fixture, email, source string, meanwhile func(cancel, release func())) error {
	f.T.Helper()
	ctx, cancel := context.WithCancel(f.T.Context())
	defer cancel()
	pool, release := newHeldPool(f.T)
	var running sync.WaitGroup
	f.Store.OnCall(func(name string) {
		if name != "SaveThrottle" {
			return
		}
		f.Store.OnCall(func(string) {})
		running.Go(func() { meanwhile(cancel, release) })
	})
	s := f.With(func(o *service.Options) { o.Passwords = pool })
	_, err := s.SignIn(ctx, email, secret.New(servicetest.Password), account.Origin{ClientNetwork: source})
	running.Wait()
	return err
}

// abandon begins a sign-in that is cut off between its reservation and its hash.
func abandonSignIn(f *servicetest.Fixture, email, source string) {
	f.T.Helper()
	err := pausedSignIn(f, email, source, func(cancel, _ func()) {
		f.TryWriteStore(func(context.Context, account.Tx) error { return nil })
		cancel()
	})
	if err == nil {
		f.T.Fatal("the sign-in was not cut off")
	}
}

// crash begins a sign-in whose process dies between its reservation and its hash.
func crashSignIn(f *servicetest.Fixture, email, source string) {
	f.T.Helper()
	defer f.Store.Down.Store(false)
	err := pausedSignIn(f, email, source, func(cancel, _ func()) {
		f.TryWriteStore(func(context.Context, account.Tx) error { return nil })
		f.Store.Down.Store(true)
		cancel()
	})
	if !errors.Is(err, servicetest.ErrDown) {
		f.T.Fatalf("the sign-in ended with %v", err)
	}
}
