package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// Store is an open database.
type Store struct {
	reader
	reads, writes *sql.DB
	writer        *writer
}

var _ account.Store = (*Store)(nil)

// Write runs f in one transaction, as account.Store asks.
func (s *Store) Write(ctx context.Context, f func(ctx context.Context, tx account.Tx) error) error {
	return s.writer.write(ctx, f)
}

// Ping reports whether the database can be read.
func (s *Store) Ping(ctx context.Context) error {
	_, err := one(ctx, s.queries, scanInt, "SELECT 1")
	return err
}

// Close ends the transaction under way and closes the database.
func (s *Store) Close() error {
	return errors.Join(s.writer.close(), s.stmts.close(), s.reads.Close(), s.writes.Close())
}

// reader is what can be read in a transaction and outside of one.
type reader struct{ queries }

// tx is one transaction.
type tx struct {
	reader
	authChanges map[account.AuthChange]bool // that it has inserted
}

var _ account.Tx = (*tx)(nil)
