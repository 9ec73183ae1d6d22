package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Store is an open database.
type Store struct {
	reader
	transactions
	health  health
	place   string
	now     func() time.Time
	rest    func(ctx context.Context) error // nil: there is nothing to give back
	closers []func() error
}

// transactions is an engine's way to write.
type transactions interface {
	// write runs f in one transaction, as account.Store asks.
	write(ctx context.Context, f func(ctx context.Context, tx account.Tx) error) error
	// close ends the transactions under way.
	close() error
}

var _ account.Store = (*Store)(nil)

// Write runs f in one transaction, as account.Store asks.
func (s *Store) Write(ctx context.Context, f func(ctx context.Context, tx account.Tx) error) error {
	err := s.write(ctx, f)
	s.health.note(err)
	return err
}

// Rest gives back the memory in which the database is kept to be quick. It is for when
// nobody has asked for anything in a while.
func (s *Store) Rest(ctx context.Context) error {
	if s.rest == nil {
		return nil
	}
	return s.rest(ctx)
}

// Place names the database for people, without secrets.
func (s *Store) Place() string { return s.place }

// Now is the time that all servers of this database agree on: PostgreSQL's, or for
// SQLite, which has one server, the machine's.
func (s *Store) Now() time.Time { return s.now() }

// Ping reports whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := one(ctx, s.atLength(), scanInt, "SELECT 1") // it may wait for a connection
	return err
}

// Close ends the transactions under way and closes the database.
func (s *Store) Close() error {
	errs := []error{s.transactions.close()}
	for _, close := range s.closers {
		errs = append(errs, close())
	}
	return errors.Join(errs...)
}

// reader is what can be read in a transaction and outside of one.
type reader struct{ queries }

// tx is one transaction.
type tx struct {
	reader
	authChanges map[account.AuthChange]bool // that it has inserted
	throttles   []string                    // that it has locked
}

var _ account.Tx = (*tx)(nil)
