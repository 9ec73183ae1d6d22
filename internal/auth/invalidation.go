package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// These times ensure that a revocation applies on every node within one second.
//
// Each node polls every [PollInterval] and trusts its cache for maxStaleness after the start of
// its last successful poll. So a node refuses a revoked token at most maxStaleness after the
// commit. A node that can't poll reads the database for each request.
//
// A poll reads the changes since the previous poll if the database makes changes visible in the
// order of their numbers. Otherwise it reads all changes of the last pollWindow. A change has
// the time of its insertion, but is visible only after its commit. Polls therefore miss no
// change if its commit takes at most slowCommit and two successful polls are at most maxPollGap
// apart: slowCommit plus maxPollGap is one second less than pollWindow.
//
// Slower cases are rare and handled separately. Transactions are cancelled after 5 s, and
// PostgreSQL ends them 2 s later even if the network fails. [InvalidatingStore.Write] inserts
// the changes of a slow commit again. [Auth.RetryInvalidations] does so for a commit with an
// unknown outcome. After a longer gap between polls a node empties its cache.
const (
	PollInterval = 250 * time.Millisecond
	maxStaleness = 750 * time.Millisecond
	pollWindow   = 10 * time.Second
	slowCommit   = 7 * time.Second
	maxPollGap   = 2 * time.Second

	// maxInvalidations limits the changes that one poll reads. A poll that reads as many empties
	// the cache.
	maxInvalidations = 20_000
	// ChangeRetention is how long the database keeps changes. It is far longer than pollWindow.
	ChangeRetention = 10 * time.Minute
)

// PollInvalidations reads the recent changes of all nodes and removes the cache entries that
// depend on them. Call it every [PollInterval]. Without successful polls [Auth.Authenticate]
// reads the database for each request. PollInvalidations fails when the database can't be read.
func (s *Auth) PollInvalidations(ctx context.Context) error {
	began := s.monotonic()
	ctx, cancel := context.WithTimeout(ctx, s.pollTimeout)
	defer cancel()
	batch, err := s.store.AuthChanges(ctx, s.principals.lastNumber(began), pollWindow, maxInvalidations)
	if err != nil {
		return fmt.Errorf("poll for invalidations: %w", err)
	}
	s.principals.applyPoll(began, batch)
	return nil
}

// InvalidatingStore is a store that removes the affected entries from this node's cache with
// every change. Its field Store is the storage that all operations use.
type InvalidatingStore struct {
	*account.Store
	inner      account.Transactor // the wrapped store, which leaves the cache as it is
	principals *principalCache
	pending    *pendingInvalidations
	monotonic  func() time.Time
}

// NewInvalidatingStore wraps store and starts with an empty cache. monotonic is the machine's
// monotonic clock.
func NewInvalidatingStore(store *account.Store, monotonic func() time.Time) *InvalidatingStore {
	s := &InvalidatingStore{
		inner: store.Transactor, principals: newPrincipalCache(maxPrincipals, maxPrincipalBytes),
		pending: newPendingInvalidations(), monotonic: monotonic,
	}
	ports := *store
	ports.Transactor = s
	s.Store = &ports
	return s
}

// Write runs a transaction and then removes the cache entries that it affects. It removes them
// after a failure too, because the transaction may have been committed.
//
// When a commit took longer than slowCommit, other nodes may no longer look back far enough to
// read its changes. Write then inserts the changes again in a second transaction before it
// returns. If the second transaction fails or an outcome is unknown, [Auth.RetryInvalidations]
// inserts the changes later.
func (s *InvalidatingStore) Write(ctx context.Context, f func(ctx context.Context, tx *account.Tx) error) error {
	var changes []account.AuthChange
	var began time.Time
	defer func() { s.principals.invalidate(changes) }()
	err := s.inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		began = s.monotonic()
		defer func() { changes = append(changes, tx.InsertedAuthChanges()...) }()
		return f(ctx, tx)
	})
	committed := err == nil
	for err == nil && len(changes) > 0 && s.monotonic().Sub(began) > slowCommit {
		err = s.inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			began = s.monotonic()
			return insertAuthChanges(ctx, tx, changes)
		})
	}
	if err != nil && (committed || errors.Is(err, account.ErrOutcomeUnknown)) {
		s.pending.add(changes, s.monotonic())
	}
	if committed && err != nil { // without this message the caller would believe that nothing was changed
		err = &account.Error{
			Code: account.CodeUnavailable, RetryAfter: slowCommit, Err: err,
			Message: "The change was made, but the database went away before every server could be told. " +
				"They are told when it is back.",
		}
	}
	return err
}

// insertAuthChanges inserts changes again, so that every node drops its cached copies after the
// commit.
func insertAuthChanges(ctx context.Context, tx *account.Tx, changes []account.AuthChange) error {
	for _, c := range changes {
		if err := tx.InsertAuthChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
