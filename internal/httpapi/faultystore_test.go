package httpapi_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// faultyStore is a store that counts its commits and returns errors that a test injects.
type faultyStore struct {
	account.Store
	commits atomic.Int64
	mu      sync.Mutex
	fault   func(method string) error // may panic; nil: no errors
}

// failWith makes each later call return the error of fn for its method. With a nil fn, calls work again.
func (s *faultyStore) failWith(fn func(method string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fn
}

func (s *faultyStore) inject(method string) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(method)
}

// Write fails with the injected error, without writing.
func (s *faultyStore) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	if err := s.inject("Write"); err != nil {
		return err
	}
	err := s.Store.Write(ctx, func(ctx context.Context, tx account.Tx) error { return f(ctx, faultyTx{tx, s}) })
	if err == nil {
		s.commits.Add(1)
	}
	return err
}

// SessionByHash fails with the injected error.
func (s *faultyStore) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	if err := s.inject("SessionByHash"); err != nil {
		return account.Session{}, err
	}
	return s.Store.SessionByHash(ctx, hash)
}

// UsersAfter fails with the injected error.
func (s *faultyStore) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	if err := s.inject("UsersAfter"); err != nil {
		return nil, err
	}
	return s.Store.UsersAfter(ctx, id, limit, now)
}

// faultyTx is a transaction of a faultyStore.
type faultyTx struct {
	account.Tx
	store *faultyStore
}

// InsertActivity fails with the injected error.
func (t faultyTx) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	if err := t.store.inject("InsertActivity"); err != nil {
		return err
	}
	return t.Tx.InsertActivity(ctx, entries...)
}
