package service_test

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
type spy struct {
	spyReader
	under account.Store
	// between, if set, is called after the first run of each Write.
	between func()
	// down makes each Write fail, as after a crash.
	down atomic.Bool
}

// calls counts calls by method.
type calls struct {
	mu       sync.Mutex
	count    map[string]int
	reserved map[string]int // tries that throttles have let through, by key
	after    func(name string)
}

func newSpy(store account.Store) *spy {
	c := &calls{count: map[string]int{}, reserved: map[string]int{}, after: func(string) {}}
	return &spy{spyReader: spyReader{store, c}, under: store}
}

func (c *calls) saw(name string) {
	c.mu.Lock()
	c.count[name]++
	after := c.after
	c.mu.Unlock()
	after(name)
}

// hook has fn called after each call of a method. In a transaction fn must not
// write.
func (c *calls) hook(fn func(name string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = fn
}

// during returns what fn asks of the store.
func (c *calls) during(fn func()) map[string]int {
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
func (c *calls) granted(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reserved[key]
}

// runsTwice is whether a spy runs everything twice: not on PostgreSQL, which gives
// the ids that the first run took to nobody, and tests know theirs.
var runsTwice = enginetest.Chosen().Name == "sqlite"

var (
	errAgain = errors.New("the engine asks for it again")
	errDown  = errors.New("the process has crashed")
)

func (s *spy) Write(ctx context.Context, f func(context.Context, account.Tx) error) error {
	s.saw("Write")
	if s.down.Load() {
		return errDown
	}
	if runsTwice {
		err := s.under.Write(ctx, func(ctx context.Context, tx account.Tx) error {
			_ = f(ctx, tx) // whatever comes of it, it is not counted
			return errAgain
		})
		if !errors.Is(err, errAgain) { // it has not run at all
			return err
		}
	}
	if s.between != nil {
		s.between()
	}
	return s.under.Write(ctx, func(ctx context.Context, tx account.Tx) error {
		return f(ctx, &spyTx{spyReader: spyReader{tx, s.calls}, Writer: tx, pending: map[string]int{}})
	})
}

func (s *spy) Health(ctx context.Context) (account.DatabaseHealth, error) {
	return s.under.Health(ctx)
}

// spyReader counts reads.
type spyReader struct {
	account.Reader
	*calls
}

func (r spyReader) User(ctx context.Context, id int64, now time.Time) (account.User, error) {
	defer r.saw("User")
	return r.Reader.User(ctx, id, now)
}

func (r spyReader) Credential(ctx context.Context, userID int64) (account.Credential, error) {
	defer r.saw("Credential")
	return r.Reader.Credential(ctx, userID)
}

func (r spyReader) CredentialByEmail(ctx context.Context, key account.EmailKey) (account.Credential, error) {
	defer r.saw("CredentialByEmail")
	return r.Reader.CredentialByEmail(ctx, key)
}

func (r spyReader) TakenEmails(ctx context.Context, keys []account.EmailKey) ([]account.EmailKey, error) {
	defer r.saw("TakenEmails")
	return r.Reader.TakenEmails(ctx, keys)
}

func (r spyReader) RolesOf(ctx context.Context, userID int64) ([]access.Role, error) {
	defer r.saw("RolesOf")
	return r.Reader.RolesOf(ctx, userID)
}

func (r spyReader) Session(ctx context.Context, id int64) (account.Session, error) {
	defer r.saw("Session")
	return r.Reader.Session(ctx, id)
}

func (r spyReader) SessionByHash(ctx context.Context, hash token.Hash) (account.Session, error) {
	defer r.saw("SessionByHash")
	return r.Reader.SessionByHash(ctx, hash)
}

func (r spyReader) APIKeyByHash(ctx context.Context, hash token.Hash) (account.APIKey, error) {
	defer r.saw("APIKeyByHash")
	return r.Reader.APIKeyByHash(ctx, hash)
}

func (r spyReader) DueMail(ctx context.Context, now time.Time) (account.Mail, error) {
	defer r.saw("DueMail")
	return r.Reader.DueMail(ctx, now)
}

func (r spyReader) KeyChecks(ctx context.Context) ([]keyring.Check, error) {
	defer r.saw("KeyChecks")
	return r.Reader.KeyChecks(ctx)
}

// spyTx counts what a transaction does.
type spyTx struct {
	spyReader
	account.Writer
	pending map[string]int // of throttles as they were read
}

func (t *spyTx) Throttle(ctx context.Context, key string) (throttle.Counter, error) {
	defer t.saw("Throttle")
	return t.Writer.Throttle(ctx, key)
}

func (t *spyTx) LockThrottle(ctx context.Context, key string) (throttle.Counter, error) {
	defer t.saw("LockThrottle")
	v, err := t.Writer.LockThrottle(ctx, key)
	t.pending[key] = v.Pending
	return v, err
}

func (t *spyTx) SaveThrottle(ctx context.Context, v throttle.Counter) error {
	defer t.saw("SaveThrottle")
	t.mu.Lock()
	t.reserved[v.Key] += max(v.Pending-t.pending[v.Key], 0)
	t.mu.Unlock()
	return t.Writer.SaveThrottle(ctx, v)
}

func (t *spyTx) IsKnownNetwork(ctx context.Context, userID int64, source string, since time.Time) (bool, error) {
	defer t.saw("IsKnownNetwork")
	return t.Writer.IsKnownNetwork(ctx, userID, source, since)
}

func (t *spyTx) SaveKnownNetwork(ctx context.Context, userID int64, source string, now time.Time) error {
	defer t.saw("SaveKnownNetwork")
	return t.Writer.SaveKnownNetwork(ctx, userID, source, now)
}

func (t *spyTx) CountFailedSignIn(ctx context.Context, f account.FailedSignIns) error {
	defer t.saw("CountFailedSignIn")
	return t.Writer.CountFailedSignIn(ctx, f)
}

func (t *spyTx) InsertActivity(ctx context.Context, entries ...account.Activity) error {
	defer t.saw("InsertActivity")
	return t.Writer.InsertActivity(ctx, entries...)
}

func (t *spyTx) InsertSession(ctx context.Context, s account.Session, hash token.Hash) (int64, error) {
	defer t.saw("InsertSession")
	return t.Writer.InsertSession(ctx, s, hash)
}

func (t *spyTx) SetPassword(ctx context.Context, userID int64, hash string, needReset bool, now time.Time) error {
	defer t.saw("SetPassword")
	return t.Writer.SetPassword(ctx, userID, hash, needReset, now)
}

func (t *spyTx) InsertMail(ctx context.Context, m account.Mail) (int64, error) {
	defer t.saw("InsertMail")
	return t.Writer.InsertMail(ctx, m)
}
