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

// spy is a store that counts what is asked of it, by method, and can be told to
// behave in ways that are rare on their own. It runs the function of each Write
// twice, the first time for nothing, as an engine may: what that leaves behind
// shows in every test.
type CountingStore struct {
	countingReader
	Inner account.Store
	// between, if set, is called after the first run of each Write.
	Between func()
	// down makes each Write fail, as after a crash.
	Down atomic.Bool
}

// calls counts calls by method.
type callCounter struct {
	mu       sync.Mutex
	count    map[string]int
	reserved map[string]int // tries that throttles have let through, by key
	onCall   func(name string)
}

func newCountingStore(store account.Store) *CountingStore {
	c := &callCounter{count: map[string]int{}, reserved: map[string]int{}, onCall: func(string) {}}
	return &CountingStore{countingReader: countingReader{store, c}, Inner: store}
}

func (c *callCounter) record(name string) {
	c.mu.Lock()
	c.count[name]++
	after := c.onCall
	c.mu.Unlock()
	after(name)
}

// hook has fn called after each call of a method. In a transaction fn must not
// write.
func (c *callCounter) OnCall(fn func(name string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onCall = fn
}

// during returns what fn asks of the store.
func (c *callCounter) CallsDuring(fn func()) map[string]int {
	c.mu.Lock()
	before := maps.Clone(c.count)
	c.mu.Unlock()
	fn()
	c.mu.Lock()
	defer c.mu.Unlock()
	made := map[string]int{}
	for name, n := range c.count {
		if n > before[name] {
			made[name] = n - before[name]
		}
	}
	return made
}

// granted returns how many tries the throttle of a key has let through.
func (c *callCounter) ReservedAttempts(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reserved[key]
}

// runsTwice is whether a spy runs everything twice: not on PostgreSQL, which gives
// the ids that the first run took to nobody, and tests know theirs.
var runsTwice = enginetest.Chosen().Name == "sqlite"

var (
	ErrRerun = errors.New("the engine asks for it again")
	ErrDown  = errors.New("the process has crashed")
)

func (s *CountingStore) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	s.record("Write")
	if s.Down.Load() {
		return ErrDown
	}
	if runsTwice {
		err := s.Inner.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			_ = f(ctx, tx) // whatever comes of it, it is not counted
			return ErrRerun
		})
		if !errors.Is(err, ErrRerun) { // it has not run at all
			return err
		}
	}
	if s.Between != nil {
		s.Between()
	}
	return s.Inner.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		return f(ctx, &countingTx{countingReader: countingReader{tx, s.callCounter}, Writer: tx, pending: map[string]int{}})
	})
}

func (s *CountingStore) Health(ctx context.Context) (account.DatabaseHealth, error) {
	return s.Inner.Health(ctx)
}

// spyReader counts reads.
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

// spyTx counts what a transaction does.
type countingTx struct {
	countingReader
	account.Writer
	pending map[string]int // of throttles as they were read
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

func (t *countingTx) IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error) {
	defer t.record("IsKnownNetwork")
	return t.Writer.IsKnownNetwork(ctx, userID, source, since)
}

func (t *countingTx) SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error {
	defer t.record("SaveKnownNetwork")
	return t.Writer.SaveKnownNetwork(ctx, userID, source, now)
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
