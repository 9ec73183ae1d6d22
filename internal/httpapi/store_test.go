package httpapi_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// faulty is a store that fails when a test wants it to, and counts what was
// committed.
type faulty struct {
	account.Store
	commits atomic.Int64
	mu      sync.Mutex
	fault   func(method string) error // may panic; nil: none
}

// fail has fn decide on the failure of each call that follows.
func (s *faulty) fail(fn func(method string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fn
}

func (s *faulty) ask(method string) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(method)
}

// Write fails as told, without writing.
func (s *faulty) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	if err := s.ask("Write"); err != nil {
		return err
	}
	err := s.Store.Write(ctx, func(ctx context.Context, tx account.Tx) error { return f(ctx, faultyTx{tx, s}) })
	if err == nil {
		s.commits.Add(1)
	}
	return err
}

// SessionByHash fails as told.
func (s *faulty) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	if err := s.ask("SessionByHash"); err != nil {
		return account.Session{}, err
	}
	return s.Store.SessionByHash(ctx, hash)
}

// UsersAfter fails as told.
func (s *faulty) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	if err := s.ask("UsersAfter"); err != nil {
		return nil, err
	}
	return s.Store.UsersAfter(ctx, id, limit, now)
}

// faultyTx is a transaction of the store.
type faultyTx struct {
	account.Tx
	store *faulty
}

// InsertActivity fails as told.
func (t faultyTx) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	if err := t.store.ask("InsertActivity"); err != nil {
		return err
	}
	return t.Tx.InsertActivity(ctx, entries...)
}
