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
// On SQLite it runs the function of each Write twice and rolls the first run back, because an
// engine may do the same: a rule whose function has an effect outside its transaction fails.
type CountingStore struct {
	*account.Store
	*callCounter
	Inner *account.Store // the store without counting and without the second run
	// Between, if set, is called after the first run of each Write.
	Between func()
	// Down makes each Write fail with [ErrDown], as after a crash.
	Down atomic.Bool
}

// callCounter counts calls by method.
type callCounter struct {
	mu       sync.Mutex
	count    map[string]int
	reserved map[string]int // reserved attempts by the key of their throttle
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

// OnCall has fn called after each call of a method, with the method's name. During a transaction
// fn must not write.
func (c *callCounter) OnCall(fn func(name string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onCall = fn
}

// CallsDuring runs fn and returns the calls of the store meanwhile, counted by method.
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

// ReservedAttempts returns the number of sign-in attempts that the throttle of key has allowed.
func (c *callCounter) ReservedAttempts(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reserved[key]
}

// runsTwice makes a CountingStore run each Write twice. PostgreSQL does not reuse the ids that a
// rolled-back run took, and tests expect consecutive ids, so there it is off.
var runsTwice = enginetest.Chosen().Name == "sqlite"

// Errors of a CountingStore and of the stores that tests wrap around it.
var (
	ErrRerun = errors.New("the transaction must run again")
	ErrDown  = errors.New("the process has crashed")
)

// Write counts the call and runs f as the type's comment says.
func (s *CountingStore) Write(ctx context.Context, f func(context.Context, *account.Tx) error) error {
	s.record("Write")
	if s.Down.Load() {
		return ErrDown
	}
	if runsTwice {
		err := s.Inner.Write(ctx, func(ctx context.Context, tx *account.Tx) error {
			_ = f(ctx, tx) // the result does not count
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

// countingTx returns tx with ports that count their calls.
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
