package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A commit with an unknown outcome may become visible much later, for example on a stalled disk.
// Its changes may then be older than pollWindow, so other nodes don't read them. This node
// therefore inserts the changes again after RetryInterval, and then with doubling delays for
// about two minutes. Later retries are not needed, because every cache entry expires after
// touchInterval.
const (
	// RetryInterval is the delay before the first retry. Call [Auth.RetryInvalidations] at this
	// interval.
	RetryInterval = time.Second
	maxRetryDelay = 64 * time.Second

	// maxPending limits the changes that wait for a retry. Beyond this number one change of the
	// settings, which empties every cache, stands for all further ones.
	maxPending = 1_000
)

// pendingInvalidations holds changes that this node inserts into the database again for the
// polls of other nodes. Other nodes may have missed them, or the outcome of their commit is
// unknown.
type pendingInvalidations struct {
	mu   sync.Mutex
	next map[account.AuthChange]retry
}

// retry is the time at which a change is inserted again, and the delay that preceded that time.
type retry struct {
	at    time.Time
	delay time.Duration
}

func newPendingInvalidations() *pendingInvalidations {
	return &pendingInvalidations{next: map[account.AuthChange]retry{}}
}

// add schedules the first retry of each change, RetryInterval from now.
func (p *pendingInvalidations) add(changes []account.AuthChange, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range changes {
		if len(p.next) >= maxPending {
			c = account.AuthChange{Kind: account.AuthSettings}
		}
		p.next[c] = retry{at: now.Add(RetryInterval), delay: RetryInterval}
	}
}

// due returns the changes whose retry is due. It schedules their next retry, or removes them
// when the next delay would exceed maxRetryDelay.
func (p *pendingInvalidations) due(now time.Time) (changes []account.AuthChange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, r := range p.next {
		if now.Before(r.at) {
			continue
		}
		changes = append(changes, c)
		if r.delay *= 2; r.delay > maxRetryDelay {
			delete(p.next, c)
			continue
		}
		p.next[c] = retry{at: now.Add(r.delay), delay: r.delay}
	}
	return changes
}

// RetryInvalidations inserts the changes again that other nodes may have missed. Call it every
// [RetryInterval]. When it fails, the next due call inserts them.
func (s *Auth) RetryInvalidations(ctx context.Context) error {
	changes := s.invalidating.pending.due(s.monotonic())
	if len(changes) == 0 {
		return nil
	}
	// Use the inner store: InvalidatingStore.Write would schedule the same changes again after a
	// failure, without end.
	err := s.invalidating.inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return insertAuthChanges(ctx, tx, changes)
	})
	if err != nil {
		return fmt.Errorf("announce changes with an unknown outcome again: %w", err)
	}
	return nil
}
