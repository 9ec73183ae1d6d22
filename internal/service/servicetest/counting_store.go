package servicetest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

// CountingStore is a store that counts its calls by method and can simulate rare behaviour.
//
// On SQLite it runs the function of each Write twice and rolls the first run back. A database
// engine may do the same. The double run reveals functions that have an effect outside their
// transaction.
type CountingStore struct {
	*account.Store
	*callCounter
	Inner *account.Store // the store that this one wraps: it counts nothing and runs each Write once
	// Between, if set, is called before the last run of each Write.
	Between func()
	// Down makes each Write fail with [ErrDown], as if the process had crashed.
	Down atomic.Bool
}

// callCounter counts calls by the name of the method.
type callCounter struct {
	mu       sync.Mutex
	count    map[string]int
	reserved map[string]int // reserved sign-in attempts, by throttle key
	onCall   func(name string)
}

func newCountingStore(store *account.Store) *CountingStore {
	c := &callCounter{count: map[string]int{}, reserved: map[string]int{}, onCall: func(string) {}}
	s := &CountingStore{callCounter: c, Inner: store}
	ports := *store
	ports.Transactor = s
	ports.InstanceReader = countingInstanceReader{store.InstanceReader, c}
	ports.UserReader = countingUserReader{store.UserReader, c}
	ports.RoleReader = countingRoleReader{store.RoleReader, c}
	ports.SessionReader = countingSessionReader{store.SessionReader, c}
	ports.APIKeyReader = countingAPIKeyReader{store.APIKeyReader, c}
	ports.OutboxReader = countingOutboxReader{store.OutboxReader, c}
	s.Store = &ports
	return s
}

func (c *callCounter) record(name string) {
	c.mu.Lock()
	c.count[name]++
	after := c.onCall
	c.mu.Unlock()
	after(name)
}

// OnCall sets a function that is called after each call of a store method, with the name of the
// method. fn must not write to the database during a transaction.
func (c *callCounter) OnCall(fn func(name string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onCall = fn
}

// CallsDuring runs fn and returns the number of store calls during this time, by method.
func (c *callCounter) CallsDuring(fn func()) map[string]int {
	c.mu.Lock()
	before := maps.Clone(c.count)
	c.mu.Unlock()
	fn()
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := map[string]int{}
	for name, n := range c.count {
		if n > before[name] {
			calls[name] = n - before[name]
		}
	}
	return calls
}

// ReservedAttempts returns the number of sign-in attempts that the throttle with the key has
// allowed.
func (c *callCounter) ReservedAttempts(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reserved[key]
}

// runsTwice makes a CountingStore run each Write twice. It is off on PostgreSQL, because a
// rolled-back run leaves a gap in the ids there, and tests expect consecutive ids.
var runsTwice = enginetest.Chosen().Name == "sqlite"

// Errors of a CountingStore and of the stores that tests wrap around it.
var (
	ErrRerun = errors.New("the transaction must run again")
	ErrDown  = errors.New("the process has crashed")
)

// Write counts the call and runs f as described at [CountingStore].
func (s *CountingStore) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	s.record("Write")
	if s.Down.Load() {
		return ErrDown
	}
	if runsTwice {
		err := s.Inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			_ = f(ctx, tx) // the first run is rolled back, whatever its result
			return ErrRerun
		})
		if !errors.Is(err, ErrRerun) { // f did not run
			return err
		}
	}
	if s.Between != nil {
		s.Between()
	}
	return s.Inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
		return f(ctx, countingTx(tx, s.callCounter))
	})
}

// countingTx returns a copy of tx whose methods count their calls.
func countingTx(tx *account.Tx, c *callCounter) *account.Tx {
	ports := *tx
	ports.InstanceReader = countingInstanceReader{tx.InstanceReader, c}
	ports.UserReader = countingUserReader{tx.UserReader, c}
	ports.RoleReader = countingRoleReader{tx.RoleReader, c}
	ports.SessionReader = countingSessionReader{tx.SessionReader, c}
	ports.APIKeyReader = countingAPIKeyReader{tx.APIKeyReader, c}
	ports.OutboxReader = countingOutboxReader{tx.OutboxReader, c}
	ports.ThrottleWriter = countingThrottleWriter{
		ThrottleWriter: tx.ThrottleWriter, callCounter: c, pending: map[string]int{},
	}
	ports.ActivityWriter = countingActivityWriter{tx.ActivityWriter, c}
	ports.SessionWriter = countingSessionWriter{tx.SessionWriter, c}
	ports.UserWriter = countingUserWriter{tx.UserWriter, c}
	ports.OutboxWriter = countingOutboxWriter{tx.OutboxWriter, c}
	return &ports
}
