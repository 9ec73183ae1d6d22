package service_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/keyring"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
)

const (
	adminEmail = "admin@example.org"
	password   = "Correct-Horse-1" // of every user that a test makes
	wrong      = "Correct-Horse-2"
	next       = "Correct-Horse-3" // what a password is changed to
	home       = "192.0.2.1"       // where signIn comes from
)

var (
	cheap = passhash.Params{Memory: 64, Passes: 1, Threads: 1}
	start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
)

// clock is the injected time. It moves by hand alone.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// plainText renders messages in a form that tests can read, but for those to
// somebody of this name.
type plainText struct{}

const unwritable = "Unwritable"

func (plainText) Render(kind account.MailKind, m account.MailContent) (account.Message, error) {
	if m.Name == unwritable {
		return account.Message{}, errors.New("this name cannot be written")
	}
	return account.Message{
		Subject: string(kind) + " for " + m.Name,
		Text:    "token " + m.Token + "\nlink " + m.Link + "\nsource " + m.ClientNetwork,
		HTML:    "<p>readable in clear</p>",
	}, nil
}

// fixture is a service over a fresh database with its first administrator.
type fixture struct {
	*service.Service
	t        testing.TB
	database enginetest.Database
	options  service.Options
	store    *spy
	clock    *clock
	pool     *passhash.Pool
	hash     string // of password
	changed  changes
}

// changes collects whose password has changed.
type changes struct {
	mu  sync.Mutex
	ids []int64
}

func (c *changes) add(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, id)
}

// commonKeys are those of every fixture that is set up.
var commonKeys = sync.OnceValue(newRing)

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := fixtureWith(t, commonKeys())
	if _, err := f.SetUp(t.Context(), service.FirstRun{AdminEmail: adminEmail, AdminPassword: secret.New(password)}); err != nil {
		t.Fatal(err)
	}
	f.hash = must(f.store.under.Credential(t.Context(), 1)).PasswordHash
	return f
}

// blankFixture is a fixture whose database was not set up.
func blankFixture(t testing.TB) *fixture {
	t.Helper()
	return fixtureWith(t, newRing())
}

func fixtureWith(t testing.TB, keys *keyring.Ring) *fixture {
	t.Helper()
	database := enginetest.Chosen().New(t)
	f := fixtureOf(t, database.Open(), keys)
	f.database = database
	return f
}

// fixtureOf is a fixture over a store.
func fixtureOf(t testing.TB, store account.Store, keys *keyring.Ring) *fixture {
	f := &fixture{t: t, clock: &clock{now: start}, pool: newPool(cheap, 8), store: newSpy(store)}
	f.options = service.Options{
		Store: f.store, Passwords: f.pool, Keys: keys, Renderer: plainText{},
		Log: slog.New(slog.DiscardHandler), Now: f.clock.Now, Random: rand.Reader,
		PublicURL:       must(url.Parse("https://accounts.example.org/base")),
		PasswordChanged: f.changed.add, Monotonic: f.clock.Now,
		PollTimeout: time.Second, TouchTimeout: time.Minute, // tests run on busy machines
	}
	f.Service = service.New(f.options)
	return f
}

func newPool(params passhash.Params, cores int) *passhash.Pool {
	return must(passhash.New(params, cores, rand.Reader))
}

func newRing() *keyring.Ring { return must(keyring.Parse(must(keyring.Generate(rand.Reader)))) }

// with returns a service like the fixture's, over the same database, but for
// what change does to its options.
func (f *fixture) with(change func(*service.Options)) *service.Service {
	o := f.options
	change(&o)
	return service.New(o)
}

// write runs fn in a transaction of the storage, past the rules.
func (f *fixture) write(fn func(ctx context.Context, tx account.Tx) error) {
	f.t.Helper()
	if err := f.store.under.Write(context.WithoutCancel(f.t.Context()), fn); err != nil {
		f.t.Fatal(err)
	}
}

// user stores an active local user named after its address, whose password is
// password. Without roles it gets the default ones.
func (f *fixture) user(email string, roles ...int64) int64 {
	f.t.Helper()
	if len(roles) == 0 {
		roles = access.DefaultRoles
	}
	return f.insert(account.User{Email: email, Active: true, RoleIDs: roles})
}

// insert stores a user as it stands; a local one has the password password.
func (f *fixture) insert(u account.User) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) (err error) {
		id, err = f.insertIn(ctx, tx, u)
		return err
	})
	return id
}

func (f *fixture) insertIn(ctx context.Context, tx account.Tx, u account.User) (int64, error) {
	key, ok := account.ParseEmail(u.Email)
	if !ok {
		return 0, fmt.Errorf("%q is no address", u.Email)
	}
	u.Name, _, _ = strings.Cut(u.Email, "@")
	u.Identifier, u.EULAVersion = u.Email, account.NoEULA
	hash := ""
	if u.Provider == "" {
		u.Provider, hash = account.ProviderLocal, f.hash
	}
	return tx.InsertUser(ctx, u, key, hash, f.clock.Now())
}

// role stores a role.
func (f *fixture) role(permissions ...access.Permission) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) (err error) {
		id, err = tx.InsertRole(ctx, access.Role{Name: rand.Text(), Permissions: permissions})
		return err
	})
	return id
}

// signIn makes a session from home.
func (f *fixture) signIn(email, password string) auth.SignInResult {
	f.t.Helper()
	in, err := f.try(email, password, home)
	if err != nil {
		f.t.Fatalf("%s does not sign in: %v", email, err)
	}
	return in
}

// try signs in from a source.
func (f *fixture) try(email, password, source string) (auth.SignInResult, error) {
	return f.SignIn(f.t.Context(), email, secret.New(password), account.Origin{ClientNetwork: source, Device: "test"})
}

// as signs in and returns the principal.
func (f *fixture) as(email string) *account.Principal {
	f.t.Helper()
	return f.principal(f.signIn(email, password))
}

func (f *fixture) principal(in auth.SignInResult) *account.Principal {
	f.t.Helper()
	p, err := f.Authenticate(f.t.Context(), in.Token, account.Origin{ClientNetwork: home})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// find returns a user as it is stored.
func (f *fixture) find(id int64) account.User {
	f.t.Helper()
	u, err := f.store.under.User(f.t.Context(), id, f.clock.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	return u
}

// over reports whether a session's token lets nobody in any more.
func (f *fixture) over(in auth.SignInResult) bool {
	f.t.Helper()
	_, err := f.Authenticate(f.t.Context(), in.Token, account.Origin{ClientNetwork: home})
	if err != nil && account.ErrorCode(err) != account.CodeUnauthorized {
		f.t.Fatal(err)
	}
	return err != nil
}

// wantUnwritten fails when any of the texts is in the database. It
// looks for the fixture's administrator, too, to be sure that it looks at all.
func (f *fixture) wantUnwritten(texts ...string) {
	f.t.Helper()
	all := f.database.Content()
	if !bytes.Contains(all, []byte(adminEmail)) {
		f.t.Fatal("the database does not hold what it must")
	}
	for _, text := range texts {
		if text == "" || bytes.Contains(all, []byte(text)) {
			f.t.Errorf("the database holds %q in clear", text)
		}
	}
}

// source returns one of 65536 addresses, none of which is home.
func source(i int) string { return fmt.Sprintf("198.18.%d.%d", i/256%256, i%256) }

func wantCode(t testing.TB, err error, want account.Code) {
	t.Helper()
	if got := account.ErrorCode(err); got != want {
		t.Fatalf("the failure is %v, want %q", err, want)
	}
}

// wantPaths fails unless err has the code, and names these parts and no others.
func wantPaths(t testing.TB, err error, code account.Code, paths ...string) {
	t.Helper()
	wantCode(t, err, code)
	var got []string
	for _, d := range asError(t, err).Details {
		got = append(got, d.Path)
	}
	if !slices.Equal(got, paths) {
		t.Errorf("the failure names %q, want %q: %v", got, paths, err)
	}
}

func asError(t testing.TB, err error) *account.Error {
	t.Helper()
	e, ok := err.(*account.Error)
	if !ok {
		t.Fatalf("the failure is %v, want an *account.Error", err)
	}
	return e
}

// must returns the value of a call that cannot fail in a test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func ptr[T any](value T) *T { return &value }

// parallel runs fn(0) to fn(n-1) at once and returns their failures in order.
func parallel(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var runners sync.WaitGroup
	for i := range n {
		runners.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	runners.Wait()
	return errs
}

// codes counts failures by their code; "" is success.
func codes(errs []error) map[account.Code]int {
	count := map[account.Code]int{}
	for _, err := range errs {
		count[account.ErrorCode(err)]++
	}
	return count
}

// update has the administrator update a user.
func (f *fixture) update(id int64, up account.UserUpdate) error {
	f.t.Helper()
	_, err := f.UpdateUser(f.t.Context(), f.as(adminEmail), id, up)
	return err
}

// newUser is a user that can be created.
func newUser(email string) account.NewUser {
	return account.NewUser{Name: "New", Email: email, Password: secret.New(password), Active: true}
}

// userID returns the id of the user with an address.
func (f *fixture) userID(email string) int64 {
	f.t.Helper()
	key, _ := account.ParseEmail(email)
	return must(f.store.under.CredentialByEmail(f.t.Context(), key)).UserID
}

// setRoles gives a user these roles, past the rules.
func (f *fixture) setRoles(id int64, roles ...int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) error { return tx.SetUserRoles(ctx, id, roles) })
}
