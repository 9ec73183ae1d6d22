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
	*account.Store // the real store, which returns no injected errors
	commits        atomic.Int64
	mu             sync.Mutex
	fault          func(method string) error // may panic; nil: no errors
}

// ports returns an account.Store whose methods return the injected errors.
func (s *faultyStore) ports() *account.Store {
	ports := *s.Store
	ports.Transactor = s
	ports.SessionReader = faultySessions{s.SessionReader, s}
	ports.UserReader = faultyUsers{s.UserReader, s}
	return &ports
}

// failWith makes each later call of a method return the error fn(method), if that error is not nil. If fn itself is
// nil, no errors are injected any more.
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

// Write runs f in a transaction. If there is an injected error, Write returns the error without running f.
func (s *faultyStore) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	if err := s.inject("Write"); err != nil {
		return err
	}
	err := s.Store.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		ports := *tx
		ports.ActivityWriter = faultyActivity{tx.ActivityWriter, s}
		return f(ctx, &ports)
	})
	if err == nil {
		s.commits.Add(1)
	}
	return err
}

// faultySessions is the SessionReader of a faultyStore.
type faultySessions struct {
	account.SessionReader
	store *faultyStore
}

// SessionByHash returns the injected error, if any.
func (s faultySessions) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	if err := s.store.inject("SessionByHash"); err != nil {
		return account.Session{}, err
	}
	return s.SessionReader.SessionByHash(ctx, hash)
}

// faultyUsers is the UserReader of a faultyStore.
type faultyUsers struct {
	account.UserReader
	store *faultyStore
}

// UsersAfter returns the injected error, if any.
func (u faultyUsers) UsersAfter(ctx context.Context, id int64, limit int, now time.Time) ([]account.User, error) {
	if err := u.store.inject("UsersAfter"); err != nil {
		return nil, err
	}
	return u.UserReader.UsersAfter(ctx, id, limit, now)
}

// faultyActivity is the ActivityWriter in a transaction of a faultyStore.
type faultyActivity struct {
	account.ActivityWriter
	store *faultyStore
}

// InsertActivity returns the injected error, if any.
func (a faultyActivity) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	if err := a.store.inject("InsertActivity"); err != nil {
		return err
	}
	return a.ActivityWriter.InsertActivity(ctx, entries...)
}
