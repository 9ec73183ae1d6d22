package servicetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

const (
	AdminEmail    = "admin@example.org"
	Password      = "Correct-Horse-1" // of every user that a test makes
	WrongPassword = "Correct-Horse-2"
	NextPassword  = "Correct-Horse-3" // what a password is changed to
	Home          = "192.0.2.1"       // where signIn comes from
)

var (
	CheapHash = passhash.Params{Memory: 64, Passes: 1, Threads: 1}
	Start     = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
)

// fixture is a service over a fresh database with its first administrator.
type Fixture struct {
	*service.Service
	T               testing.TB
	Database        enginetest.Database
	Options         service.Options
	Store           *CountingStore
	Clock           *Clock
	Pool            *passhash.Pool
	PasswordHash    string // of password
	passwordChanges idList
}

// changes collects whose password has changed.
type idList struct {
	mu  sync.Mutex
	ids []int64
}

func (c *idList) add(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, id)
}

// PasswordChanges returns the ids of the users whose password has changed, in order.
func (f *Fixture) PasswordChanges() []int64 {
	f.passwordChanges.mu.Lock()
	defer f.passwordChanges.mu.Unlock()
	return slices.Clone(f.passwordChanges.ids)
}

// commonKeys are those of every fixture that is set up.
var commonKeys = sync.OnceValue(NewRing)

func New(t testing.TB) *Fixture {
	t.Helper()
	f := newWithKeys(t, commonKeys())
	if _, err := f.SetUp(t.Context(), service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}); err != nil {
		t.Fatal(err)
	}
	f.PasswordHash = Must(f.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return f
}

// blankFixture is a fixture whose database was not set up.
func NewBlank(t testing.TB) *Fixture {
	t.Helper()
	return newWithKeys(t, NewRing())
}

func newWithKeys(t testing.TB, keys *keyring.Ring) *Fixture {
	t.Helper()
	database := enginetest.Chosen().New(t)
	f := NewOver(t, database.Open(), keys)
	f.Database = database
	return f
}

// fixtureOf is a fixture over a store.
func NewOver(t testing.TB, store account.Store, keys *keyring.Ring) *Fixture {
	f := &Fixture{T: t, Clock: &Clock{now: Start}, Pool: NewPool(CheapHash, 8), Store: newCountingStore(store)}
	f.Options = service.Options{
		Store: f.Store, Passwords: f.Pool, Keys: keys, Renderer: plainTextRenderer{},
		Log: slog.New(slog.DiscardHandler), Now: f.Clock.Now, Random: rand.Reader,
		PublicURL:       Must(url.Parse("https://accounts.example.org/base")),
		PasswordChanged: f.passwordChanges.add, Monotonic: f.Clock.Now,
		PollTimeout: time.Second, TouchTimeout: time.Minute, // tests run on busy machines
	}
	f.Service = service.New(f.Options)
	return f
}

func NewPool(params passhash.Params, cores int) *passhash.Pool {
	return Must(passhash.New(params, cores, rand.Reader))
}

func NewRing() *keyring.Ring { return Must(keyring.Parse(Must(keyring.Generate(rand.Reader)))) }

// with returns a service like the fixture's, over the same database, but for
// what change does to its options.
func (f *Fixture) With(change func(*service.Options)) *service.Service {
	o := f.Options
	change(&o)
	return service.New(o)
}

// write runs fn in a transaction of the storage, past the rules.
func (f *Fixture) WriteStore(fn func(ctx context.Context, tx account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Fatal(err)
	}
}

// wantUnwritten fails when any of the texts is in the database. It
// looks for the fixture's administrator, too, to be sure that it looks at all.
func (f *Fixture) WantNotStored(texts ...string) {
	f.T.Helper()
	all := f.Database.Content()
	if !bytes.Contains(all, []byte(AdminEmail)) {
		f.T.Fatal("the database does not hold what it must")
	}
	for _, text := range texts {
		if text == "" || bytes.Contains(all, []byte(text)) {
			f.T.Errorf("the database holds %q in clear", text)
		}
	}
}

// behind runs fn in a transaction of the storage, after the one under way. It
// may be called from any goroutine.
func (f *Fixture) TryWriteStore(fn func(ctx context.Context, tx account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Error(err)
	}
}

// FirstRun() is a first run with a given password.
// FirstRun returns the settings of the first start: the administrator's address and password.
func FirstRun() service.FirstRun {
	return service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
}
