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

// E-mail addresses, passwords and client networks that tests use.
const (
	AdminEmail    = "admin@example.org" // the first administrator
	Password      = "Correct-Horse-1"   // the password of the administrator and of added users
	WrongPassword = "Correct-Horse-2"   // valid, but no user has it at first
	NextPassword  = "Correct-Horse-3"   // the new password when a test changes one
	Home          = "192.0.2.1"         // the client network of sign-ins and requests
)

// CheapHash has parameters of argon2id that make tests fast.
var CheapHash = passhash.Params{Memory: 64, Passes: 1, Threads: 1}

// Start is the time of a new fixture's clock.
var Start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// Fixture is a service over a fresh database, with its dependencies.
type Fixture struct {
	*service.Service
	T            testing.TB
	Database     enginetest.Database
	Options      service.Options // the options of Service
	Store        *CountingStore
	Clock        *Clock
	Pool         *passhash.Pool
	PasswordHash string // the hash of Password

	passwordChanges idList
}

// idList collects the ids of the users whose password has changed.
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

// commonKeys returns the server key of every fixture that [New] makes.
var commonKeys = sync.OnceValue(NewRing)

// New returns a fixture whose service is set up: the administrator has id 1, [AdminEmail] and
// [Password].
func New(t testing.TB) *Fixture {
	t.Helper()
	f := newWithKeys(t, commonKeys())
	if _, err := f.SetUp(t.Context(), FirstRun()); err != nil {
		t.Fatal(err)
	}
	f.PasswordHash = Must(f.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return f
}

// NewBlank returns a fixture with a server key of its own, whose service is not set up.
func NewBlank(t testing.TB) *Fixture {
	t.Helper()
	return newWithKeys(t, NewRing())
}

func newWithKeys(t testing.TB, keys *keyring.Ring) *Fixture {
	t.Helper()
	database := enginetest.Chosen().New(t)
	f := NewOver(t, database.Open().Store, keys)
	f.Database = database
	return f
}

// NewOver returns a fixture over store, whose service is not set up and which has no Database.
func NewOver(t testing.TB, store *account.Store, keys *keyring.Ring) *Fixture {
	f := &Fixture{T: t, Clock: &Clock{now: Start}, Pool: NewPool(CheapHash, 8), Store: newCountingStore(store)}
	f.Options = service.Options{
		Store: f.Store.Store, Passwords: f.Pool, Keys: keys, Renderer: plainTextRenderer{},
		Log: slog.New(slog.DiscardHandler), Now: f.Clock.Now, Random: rand.Reader,
		PublicURL:       Must(url.Parse("https://accounts.example.org/base")),
		PasswordChanged: f.passwordChanges.add, Monotonic: f.Clock.Now,
		PollTimeout: time.Second, TouchTimeout: time.Minute, // tests run on busy machines
	}
	f.Service = service.New(f.Options)
	return f
}

// NewPool returns a pool that hashes with params on cores cores.
func NewPool(params passhash.Params, cores int) *passhash.Pool {
	return Must(passhash.New(params, cores, rand.Reader))
}

// NewRing returns a new server key.
func NewRing() *keyring.Ring { return Must(keyring.Parse(Must(keyring.Generate(rand.Reader)))) }

// With returns another service over the same database, with the fixture's options as change
// has edited them.
func (f *Fixture) With(change func(*service.Options)) *service.Service {
	o := f.Options
	change(&o)
	return service.New(o)
}

// WriteStore runs fn in a transaction of the inner store, without the rules.
func (f *Fixture) WriteStore(fn func(ctx context.Context, tx *account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Fatal(err)
	}
}

// WantNotStored reports an error for each of texts that the database contains. It searches for
// the administrator's address as well, to prove that the search finds stored text.
func (f *Fixture) WantNotStored(texts ...string) {
	f.T.Helper()
	all := f.Database.Content()
	if !bytes.Contains(all, []byte(AdminEmail)) {
		f.T.Fatalf("the database does not contain %q", AdminEmail)
	}
	for _, text := range texts {
		if text == "" || bytes.Contains(all, []byte(text)) {
			f.T.Errorf("the database contains %q in plain text", text)
		}
	}
}

// TryWriteStore is [Fixture.WriteStore] for any goroutine: a failure does not end the test. On
// SQLite fn runs after the transaction in progress.
func (f *Fixture) TryWriteStore(fn func(ctx context.Context, tx *account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Error(err)
	}
}

// FirstRun returns the settings of the first start: the administrator's address and password.
func FirstRun() service.FirstRun {
	return service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
}
