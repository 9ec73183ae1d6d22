package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
)

// A commit with an unknown outcome may become visible much later, on a stalled disk for
// example, when other nodes' polls no longer reach back to its rows. Its changes are
// therefore announced again after RetryInterval, and then at doubling delays for about
// two minutes. By then every cache entry was read again anyway, after touchInterval.
const (
	// RetryInterval is the delay of the first retry, and the interval between calls of
	// [Auth.RetryInvalidations].
	RetryInterval = time.Second
	maxRetryDelay = 64 * time.Second

	// maxPending limits the changes that wait for a retry. Beyond it the node announces
	// one change that empties every cache.
	maxPending = 1_000
)

// pendingInvalidations holds changes whose commit outcome is unknown, or which other
// nodes may have missed, to be announced again.
type pendingInvalidations struct {
	mu   sync.Mutex
	next map[account.AuthChange]retry
}

// retry is the next time at which a change is announced, and the delay before it.
type retry struct {
	at    time.Time
	delay time.Duration
}

func newPendingInvalidations() *pendingInvalidations {
	return &pendingInvalidations{next: map[account.AuthChange]retry{}}
}

// add schedules the first retry of changes.
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

// due returns the changes to announce now, and schedules their next retry.
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

// RetryInvalidations announces changes again that may have become visible after their
// first announcement. Call it every [RetryInterval]; a later call makes up for one that
// fails.
func (s *Auth) RetryInvalidations(ctx context.Context) error {
	changes := s.invalidating.pending.due(s.monotonic())
	if len(changes) == 0 {
		return nil
	}
	// The inner store, since InvalidatingStore.Write would schedule them for ever.
	err := s.invalidating.inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return insertAuthChanges(ctx, tx, changes)
	})
	if err != nil {
		return fmt.Errorf("announce changes with an unknown outcome again: %w", err)
	}
	return nil
}
