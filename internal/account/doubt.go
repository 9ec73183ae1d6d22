package account

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A commit of which nobody has heard how it ended may become visible much later, on
// a disk that stalls say: when other nodes have looked past the rows that tell of it.
// So they are told again a second later, two seconds after that, then four, and
// so on for two minutes: at the latest when it has been visible for as long as it was
// not. By then who is remembered is read anew all the same, each touchInterval.
const (
	RetryInterval = time.Second // between two calls of [Service.Retell], and before it tells
	maxRetryDelay = 64 * time.Second

	// maxDoubts is how many changes are remembered for it. Of more, the node tells as
	// of one about everybody.
	maxPending = 1_000
)

// doubts are changes of which nobody knows whether they were made, or whether the
// other nodes have heard of them.
type pendingInvalidations struct {
	mu   sync.Mutex
	next map[AuthChange]retry
}

// retelling is when a change is told of again, and how long it was not.
type retry struct {
	at    time.Time
	after time.Duration
}

func newPendingInvalidations() *pendingInvalidations {
	return &pendingInvalidations{next: map[AuthChange]retry{}}
}

// add begins to tell of changes again.
func (d *pendingInvalidations) add(changes []AuthChange, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range changes {
		if len(d.next) >= maxPending {
			c = AuthChange{Kind: AuthSettings}
		}
		d.next[c] = retry{now.Add(RetryInterval), RetryInterval}
	}
}

// due returns the changes to tell of now.
func (d *pendingInvalidations) due(now time.Time) (changes []AuthChange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c, r := range d.next {
		if now.Before(r.at) {
			continue
		}
		changes = append(changes, c)
		if r.after *= 2; r.after > maxRetryDelay {
			delete(d.next, c)
			continue
		}
		d.next[c] = retry{now.Add(r.after), r.after}
	}
	return changes
}

// Retell tells every node again of changes that may have become visible since they
// were told of. Call it every [RetryInterval]. One that fails is made up for by the next.
func (s *Service) RetryInvalidations(ctx context.Context) error {
	changes := s.store.doubts.due(s.monotonic())
	if len(changes) == 0 {
		return nil
	}
	// Past hearing.Write, which would have it told of ever again.
	err := s.store.Store.Write(ctx, func(ctx context.Context, tx Tx) error { return insertAuthChanges(ctx, tx, changes) })
	if err != nil {
		return fmt.Errorf("tell again of changes whose outcome is not known: %w", err)
	}
	return nil
}
