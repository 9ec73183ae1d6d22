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
	WrongPassword = "Correct-Horse-2"   // meets the password rule, but at first no user has it
	NextPassword  = "Correct-Horse-3"   // the new password when a test changes one
	Home          = "192.0.2.1"         // client network of sign-ins and requests, unless a test names another
)

// CheapHash are parameters of argon2id that make hashing fast.
var CheapHash = passhash.Params{Memory: 64, Passes: 1, Threads: 1}

// Start is the initial time of the clock of a new fixture.
var Start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// Fixture is a [service.Service] over a fresh database, with its dependencies.
type Fixture struct {
	*service.Service
	T            testing.TB
	Database     enginetest.Database
	Options      service.Options // options that Service was created with
	Store        *CountingStore
	Clock        *Clock
	Pool         *passhash.Pool
	PasswordHash string // hash of the constant Password

	passwordChanges idList
}

// idList collects the ids of users whose password was changed.
type idList struct {
	mu  sync.Mutex
	ids []int64
}

func (c *idList) add(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, id)
}

// PasswordChanges returns the ids of the users whose password was changed, in order.
func (f *Fixture) PasswordChanges() []int64 {
	f.passwordChanges.mu.Lock()
	defer f.passwordChanges.mu.Unlock()
	return slices.Clone(f.passwordChanges.ids)
}

// commonKeys returns the server key that all fixtures of [New] share.
var commonKeys = sync.OnceValue(NewRing)

// New returns a fixture whose database is set up. The administrator has the id 1, the address
// [AdminEmail] and the password [Password].
func New(t testing.TB) *Fixture {
	t.Helper()
	f := newWithKeys(t, commonKeys())
	if _, err := f.SetUp(t.Context(), FirstRun()); err != nil {
		t.Fatal(err)
	}
	f.PasswordHash = Must(f.Store.Inner.Credential(t.Context(), 1)).PasswordHash
	return f
}

// NewBlank returns a fixture whose database is not set up, with a new server key.
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

// NewOver returns a fixture over the given store. The database is not set up, and the field
// Database is not set.
func NewOver(t testing.TB, store *account.Store, keys *keyring.Ring) *Fixture {
	f := &Fixture{T: t, Clock: &Clock{now: Start}, Pool: NewPool(CheapHash, 8), Store: newCountingStore(store)}
	f.Options = service.Options{
		Store: f.Store.Store, Passwords: f.Pool, Keys: keys, Renderer: plainTextRenderer{},
		Log: slog.New(slog.DiscardHandler), Now: f.Clock.Now, Random: rand.Reader,
		PublicURL:       Must(url.Parse("https://accounts.example.org/base")),
		PasswordChanged: f.passwordChanges.add, Monotonic: f.Clock.Now,
		PollTimeout: time.Second, TouchTimeout: time.Minute, // long timeouts, because tests run on busy machines
	}
	f.Service = service.New(f.Options)
	return f
}

// NewPool returns a pool that hashes with params and computes at most cores hashes at a time.
func NewPool(params passhash.Params, cores int) *passhash.Pool {
	return Must(passhash.New(params, cores, rand.Reader))
}

// NewRing returns a key ring with one new server key.
func NewRing() *keyring.Ring { return Must(keyring.Parse(Must(keyring.Generate(rand.Reader)))) }

// With returns another service over the same database. change edits a copy of the fixture's
// options first.
func (f *Fixture) With(change func(*service.Options)) *service.Service {
	o := f.Options
	change(&o)
	return service.New(o)
}

// WriteStore runs fn in a transaction directly on the database, without the checks of package
// service.
func (f *Fixture) WriteStore(fn func(ctx context.Context, tx *account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Fatal(err)
	}
}

// WantNotStored reports an error for each text that the database contains. It also searches
// for the administrator's address, to prove that the search finds stored text.
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

// TryWriteStore is like [Fixture.WriteStore], but any goroutine may call it: a failure does
// not stop the test at once. On SQLite fn runs after the transaction in progress.
func (f *Fixture) TryWriteStore(fn func(ctx context.Context, tx *account.Tx) error) {
	f.T.Helper()
	if err := f.Store.Inner.Write(context.WithoutCancel(f.T.Context()), fn); err != nil {
		f.T.Error(err)
	}
}

// FirstRun returns the first administrator for SetUp, with [AdminEmail] and [Password].
func FirstRun() service.FirstRun {
	return service.FirstRun{AdminEmail: AdminEmail, AdminPassword: secret.New(Password)}
}
