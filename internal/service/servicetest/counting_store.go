package servicetest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// CountingStore is a store that counts its calls by method and can simulate rare behaviour.
//
// On SQLite it runs the function of each Write twice and rolls the first run back, because an
// engine may do the same: a rule whose function has an effect outside its transaction fails.
type CountingStore struct {
	countingReader
	Inner account.Store // the store without counting and without the second run
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

func newCountingStore(store account.Store) *CountingStore {
	c := &callCounter{count: map[string]int{}, reserved: map[string]int{}, onCall: func(string) {}}
	return &CountingStore{countingReader: countingReader{Reader: store, callCounter: c}, Inner: store}
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
func (s *CountingStore) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	s.record("Write")
	if s.Down.Load() {
		return ErrDown
	}
	if runsTwice {
		err := s.Inner.Write(ctx, func(ctx context.Context, tx account.Tx) error {
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
	return s.Inner.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		reader := countingReader{Reader: tx, callCounter: s.callCounter}
		return f(ctx, &countingTx{countingReader: reader, Writer: tx, pending: map[string]int{}})
	})
}

// Health is not counted.
func (s *CountingStore) Health(ctx context.Context) (account.DatabaseHealth, error) {
	return s.Inner.Health(ctx)
}

// countingReader counts reads.
type countingReader struct {
	account.Reader
	*callCounter
}

func (r countingReader) User(ctx context.Context, id int64, now time.Time) (account.User, error) {
	defer r.record("User")
	return r.Reader.User(ctx, id, now)
}

func (r countingReader) Credential(ctx context.Context, userID int64) (account.Credential, error) {
	defer r.record("Credential")
	return r.Reader.Credential(ctx, userID)
}

func (r countingReader) CredentialByEmail(ctx context.Context, key account.EmailKey) (account.Credential, error) {
	defer r.record("CredentialByEmail")
	return r.Reader.CredentialByEmail(ctx, key)
}

func (r countingReader) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	defer r.record("TakenEmails")
	return r.Reader.TakenEmails(ctx, keys)
}

func (r countingReader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	defer r.record("RolesOf")
	return r.Reader.RolesOf(ctx, userID)
}

func (r countingReader) Session(ctx context.Context, id int64) (account.Session, error) {
	defer r.record("Session")
	return r.Reader.Session(ctx, id)
}

func (r countingReader) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	defer r.record("SessionByHash")
	return r.Reader.SessionByHash(ctx, hash)
}

func (r countingReader) APIKeyByHash(ctx context.Context, hash token.Hash) (account.APIKey, error) {
	defer r.record("APIKeyByHash")
	return r.Reader.APIKeyByHash(ctx, hash)
}

func (r countingReader) DueMail(ctx context.Context, now time.Time) (account.Mail, error) {
	defer r.record("DueMail")
	return r.Reader.DueMail(ctx, now)
}

func (r countingReader) KeyChecks(ctx context.Context) ([]keyring.Check, error) {
	defer r.record("KeyChecks")
	return r.Reader.KeyChecks(ctx)
}

// countingTx counts the calls of a transaction.
type countingTx struct {
	countingReader
	account.Writer
	pending map[string]int // pending attempts of each throttle when it was read
}

func (t *countingTx) Throttle(ctx context.Context, key string) (throttle.Counter, error) {
	defer t.record("Throttle")
	return t.Writer.Throttle(ctx, key)
}

func (t *countingTx) LockThrottle(ctx context.Context, key string) (throttle.Counter, error) {
	defer t.record("LockThrottle")
	v, err := t.Writer.LockThrottle(ctx, key)
	t.pending[key] = v.Pending
	return v, err
}

func (t *countingTx) SaveThrottle(ctx context.Context, v throttle.Counter) error {
	defer t.record("SaveThrottle")
	t.mu.Lock()
	t.reserved[v.Key] += max(v.Pending-t.pending[v.Key], 0)
	t.mu.Unlock()
	return t.Writer.SaveThrottle(ctx, v)
}

func (t *countingTx) IsKnownNetwork(
	ctx context.Context, userID int64, clientNetwork string, since time.Time,
) (bool, error) {
	defer t.record("IsKnownNetwork")
	return t.Writer.IsKnownNetwork(ctx, userID, clientNetwork, since)
}

func (t *countingTx) SaveKnownNetwork(ctx context.Context, userID int64, clientNetwork string, now time.Time) error {
	defer t.record("SaveKnownNetwork")
	return t.Writer.SaveKnownNetwork(ctx, userID, clientNetwork, now)
}

func (t *countingTx) CountFailedSignIn(ctx context.Context, f account.FailedSignIns) error {
	defer t.record("CountFailedSignIn")
	return t.Writer.CountFailedSignIn(ctx, f)
}

func (t *countingTx) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	defer t.record("InsertActivity")
	return t.Writer.InsertActivity(ctx, entries...)
}

func (t *countingTx) InsertSession(ctx context.Context, s account.Session, hash token.Hash) (int64, error) {
	defer t.record("InsertSession")
	return t.Writer.InsertSession(ctx, s, hash)
}

func (t *countingTx) SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error {
	defer t.record("SetPassword")
	return t.Writer.SetPassword(ctx, userID, hash, needReset, now)
}

func (t *countingTx) InsertMail(ctx context.Context, m account.Mail) (int64, error) {
	defer t.record("InsertMail")
	return t.Writer.InsertMail(ctx, m)
}
