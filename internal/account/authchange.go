package account

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// AuthKind says what an [AuthChange] is about.
type AuthKind string

// The kinds.
const (
	AuthUser     AuthKind = "user"
	AuthRole     AuthKind = "role"
	AuthSession  AuthKind = "session"
	AuthKey      AuthKind = "key"
	AuthSettings AuthKind = "settings" // of the server, which are about everybody; its ID is 0
)

// AuthChange names what was changed, so that who was let in by it has to be let in
// anew. The store inserts one in the transaction of the change.
type AuthChange struct {
	Kind AuthKind
	ID   int64
}

// AuthNews are changes that can be seen.
type AuthChangeBatch struct {
	Changes []AuthChange // each once
	At      time.Time    // when it is, by the clock of the database
	// Last is a number: changes that cannot be seen yet will have greater ones. It is 0
	// where there is none such, as where they become visible in another order than they
	// have numbers.
	Last int64
}

// The times by which a change made on one node holds on every other within a
// second. A node hears every [PollInterval] of the changes of the last hearWindow,
// or where they become visible in the order of their numbers, of those since the last time,
// and trusts what it remembers for trustTime after a good read began. Hence a token
// is refused at most trustTime after the change was committed, or the database is
// asked.
//
// A row has the time at which it is inserted, and is seen when it is committed, which
// is later. Nothing is missed as long as that takes no longer than slowChange, and
// no more than hearGap lies between two good reads: together they are less than
// hearWindow, with a second to spare. Transactions are cut after 5 s, and on PostgreSQL
// end 2 s later even when nobody can tell them to; a commit that is slow nevertheless
// is told of once more (see [hearing.Write]), one of which nobody knows how it ended is
// so for two minutes (see [Service.Retell]), and after a longer gap a node forgets
// everybody.
const (
	PollInterval = 250 * time.Millisecond
	maxStaleness = 750 * time.Millisecond
	pollWindow   = 10 * time.Second
	slowCommit   = 7 * time.Second
	maxPollGap   = 2 * time.Second

	// maxChanges is how many are read at once. Where there are as many, everybody is
	// forgotten instead.
	maxInvalidations = 20_000
	// changeLife is how long a change is kept: much longer than any node looks back.
	changeRetention = 10 * time.Minute
)

// hearTime is how long a read of them may take. The tests, which run on busy machines,
// wait longer.
var pollTimeout = 250 * time.Millisecond

// Hear reads what was changed lately, on any node, and forgets whom it is about.
// Call it every [PollInterval]: while that goes well, [Service.Authenticate]
// answers from memory; without it, from the database each time.
func (s *Service) PollInvalidations(ctx context.Context) error {
	began := s.monotonic()
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	news, err := s.store.AuthChanges(ctx, s.principals.heard(began), pollWindow, maxInvalidations)
	if err != nil {
		return fmt.Errorf("hear what was changed: %w", err)
	}
	s.principals.hear(began, news)
	return nil
}

// hearing is a store whose changes hold on this node at once.
type invalidatingStore struct {
	Store
	principals *principalCache
	doubts     *pendingInvalidations
	steady     func() time.Time
}

// Write forgets whom the transaction is about before its caller is told how it went;
// also when that is a failure, after which nobody may know whether it was committed.
//
// Where a change has become visible so late that other nodes may have looked past its
// row, it is told of in another transaction before the change is acknowledged. Where it
// may become so later, or that transaction fails, it is told of by [Service.Retell].
func (h invalidatingStore) Write(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	var changes []AuthChange
	var began time.Time
	defer func() { h.principals.forget(changes) }()
	err := h.Store.Write(ctx, func(ctx context.Context, tx Tx) error {
		began = h.steady()
		defer func() { changes = append(changes, tx.InsertedAuthChanges()...) }()
		return f(ctx, tx)
	})
	committed := err == nil
	for err == nil && len(changes) > 0 && h.steady().Sub(began) > slowCommit {
		err = h.Store.Write(ctx, func(ctx context.Context, tx Tx) error {
			began = h.steady()
			return insertAuthChanges(ctx, tx, changes)
		})
	}
	if err != nil && (committed || errors.Is(err, ErrOutcomeUnknown)) {
		h.doubts.add(changes, h.steady())
	}
	if committed && err != nil { // its own words would be that nothing was changed
		err = &Error{
			Code: CodeUnavailable, RetryAfter: slowCommit, Err: err,
			Message: "The change was made, but the database went away before every server could be told. They are told when it is back.",
		}
	}
	return err
}

// tellOf tells every node of changes as soon as the transaction is committed.
func insertAuthChanges(ctx context.Context, tx Tx, changes []AuthChange) error {
	for _, c := range changes {
		if err := tx.InsertAuthChange(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
