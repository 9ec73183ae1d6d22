package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// These times bound how long a revocation takes to hold on other nodes: one second.
//
// Each node polls every [PollInterval] for the changes of the last pollWindow, or, where
// changes become visible in the order of their numbers, for those since the last poll. It
// trusts its cache for maxStaleness after a successful poll began. A revoked token is
// therefore refused within maxStaleness of the commit; a node that cannot poll reads the
// database for each request.
//
// A row carries the time of its insertion but is visible only after its commit. No change
// is missed while a commit takes at most slowCommit and two successful polls are at most
// maxPollGap apart: their sum is a second less than pollWindow. Transactions are cancelled
// after 5 s, and PostgreSQL ends them 2 s later even if nothing can reach it. A slower
// commit is announced again by [InvalidatingStore.Write], one with an unknown outcome by
// [Auth.RetryInvalidations]. After a longer gap between polls a node empties its cache.
const (
	PollInterval = 250 * time.Millisecond
	maxStaleness = 750 * time.Millisecond
	pollWindow   = 10 * time.Second
	slowCommit   = 7 * time.Second
	maxPollGap   = 2 * time.Second

	// maxInvalidations limits one poll. A poll that reaches it empties the cache.
	maxInvalidations = 20_000
	// ChangeRetention is how long changes are kept, far longer than any node looks back.
	ChangeRetention = 10 * time.Minute
)

// PollInvalidations reads recent changes of all nodes and removes their entries from the
// cache. Call it every [PollInterval]. Without successful polls [Auth.Authenticate] reads
// the database for each request. It fails when the database cannot be read.
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

// InvalidatingStore is a store whose changes invalidate this node's cache at once. Its
// field Store is the storage that the rules see.
type InvalidatingStore struct {
	*account.Store
	inner      account.Transactor // invalidates nothing
	principals *principalCache
	pending    *pendingInvalidations
	monotonic  func() time.Time
}

// NewInvalidatingStore returns a store over another one, with an empty cache. monotonic
// is the machine's monotonic clock.
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

// Write invalidates the cache entries that a transaction affects before it returns. It
// does so after a failure too, whose transaction may have been committed.
//
// A commit that took longer than slowCommit may be older than the other nodes' poll
// window. Write then announces its changes in a second transaction before it returns.
// Changes with an unknown outcome, or whose second transaction fails, are left to
// [Auth.RetryInvalidations].
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
	if committed && err != nil { // err alone would say that nothing was changed
		err = &account.Error{
			Code: account.CodeUnavailable, RetryAfter: slowCommit, Err: err,
			Message: "The change was made, but the database went away before every server could be told. " +
				"They are told when it is back.",
		}
	}
	return err
}

// insertAuthChanges announces changes to every node once the transaction is committed.
func insertAuthChanges(ctx context.Context, tx *account.Tx, changes []account.AuthChange) error {
	for _, c := range changes {
		if err := tx.InsertAuthChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
