package service_test

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
)

// gate is a source of random that, once closed, gives nothing until it is opened.
type gate struct {
	mu     sync.Mutex
	closed chan struct{} // nil: open
	waits  chan struct{} // receives when a reader has come to the closed gate
}

func (g *gate) Read(p []byte) (int, error) {
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
func heldPool(t testing.TB) (pool *passhash.Pool, release func()) {
	t.Helper()
	g := &gate{waits: make(chan struct{}, 1)}
	pool = must(passhash.New(cheap, 1, g))
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
func (f *fixture) pausedSignIn(email, source string, meanwhile func(cancel, release func())) error {
	f.t.Helper()
	ctx, cancel := context.WithCancel(f.t.Context())
	defer cancel()
	pool, release := heldPool(f.t)
	var running sync.WaitGroup
	f.store.hook(func(name string) {
		if name != "SaveThrottle" {
			return
		}
		f.store.hook(func(string) {})
		running.Go(func() { meanwhile(cancel, release) })
	})
	s := f.with(func(o *service.Options) { o.Passwords = pool })
	_, err := s.SignIn(ctx, email, secret.New(password), account.Origin{ClientNetwork: source})
	running.Wait()
	return err
}

// abandon begins a sign-in that is cut off between its reservation and its hash.
func (f *fixture) abandon(email, source string) {
	f.t.Helper()
	err := f.pausedSignIn(email, source, func(cancel, _ func()) {
		f.behind(func(context.Context, account.Tx) error { return nil })
		cancel()
	})
	if err == nil {
		f.t.Fatal("the sign-in was not cut off")
	}
}

// crash begins a sign-in whose process dies between its reservation and its hash.
func (f *fixture) crash(email, source string) {
	f.t.Helper()
	defer f.store.down.Store(false)
	err := f.pausedSignIn(email, source, func(cancel, _ func()) {
		f.behind(func(context.Context, account.Tx) error { return nil })
		f.store.down.Store(true)
		cancel()
	})
	if !errors.Is(err, errDown) {
		f.t.Fatalf("the sign-in ended with %v", err)
	}
}

// behind runs fn in a transaction of the storage, after the one under way. It
// may be called from any goroutine.
func (f *fixture) behind(fn func(ctx context.Context, tx account.Tx) error) {
	f.t.Helper()
	if err := f.store.under.Write(context.WithoutCancel(f.t.Context()), fn); err != nil {
		f.t.Error(err)
	}
}
