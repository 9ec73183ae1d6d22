package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore"
	"github.com/seed-3a99a2fe/usher/internal/sqlstore/enginetest"
	"github.com/seed-3a99a2fe/usher/internal/token"
)

// now is the current time in all tests.
var now = time.Date(2026, 3, 14, 15, 9, 26, 535897000, time.UTC)

// database is a store on a database that no other test uses.
type database struct {
	*account.Store
	// another opens the same database again, as another process would.
	another func() *account.Store
}

// openDir opens the SQLite database of a directory until the test ends.
func openDir(t testing.TB, dir string) *sqlstore.Store {
	t.Helper()
	return enginetest.OpenSQLite(t, dir)
}

// try runs f in a transaction and returns its value and error. f may run on another goroutine, so it must not call
// Fatal.
func try[T any](t testing.TB, s account.Transactor, f func(context.Context, *account.Tx) (T, error)) (T, error) {
	var value T
	err := s.Write(t.Context(), func(ctx context.Context, tx *account.Tx) (err error) {
		value, err = f(ctx, tx)
		return err
	})
	return value, err
}

// do runs f in a transaction and returns its value. It ends the test if the transaction fails.
func do[T any](t testing.TB, s account.Transactor, f func(context.Context, *account.Tx) (T, error)) T {
	t.Helper()
	value, err := try(t, s, f)
	if err != nil {
		t.Fatalf("write: %v", err)
	}
	return value
}

// change runs f in a transaction. It ends the test if the transaction fails.
func change(t testing.TB, s account.Transactor, f func(context.Context, *account.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), f); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// get returns a function that takes the two results of a read and returns the value. The function ends the test if the
// read has failed. Example: get[account.User](t)(s.User(ctx, 1, now)).
func get[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		return value
	}
}

// wantErr fails the test unless err is want.
func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// wantUnavailable fails the test unless err says that the database is unavailable.
func wantUnavailable(t testing.TB, what string, err error) {
	t.Helper()
	if account.ErrorCode(err) != account.CodeUnavailable {
		t.Errorf("%s: got error %v, want one of code %s", what, err, account.CodeUnavailable)
	}
}

// want fails the test unless got equals want.
func want[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// gather calls f concurrently with each number below n, and returns the errors by number.
func gather(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

// key returns the key of an e-mail address.
func key(email string) account.EmailKey {
	k, ok := account.ParseEmail(email)
	if !ok {
		panic("not an address: " + email)
	}
	return k
}

// hashOf returns the hash of a token with the given name.
func hashOf(name string) token.Hash { return sha256.Sum256([]byte(name)) }

func ptr[T any](v T) *T { return &v }

// localUser returns an active user without optional fields.
func localUser(email string) account.User {
	return account.User{
		Email: email, Profile: account.Profile{Name: "Name of " + email}, Provider: account.ProviderLocal, Identifier: email,
		Active: true, EULAVersion: account.NoEULA,
	}
}

// insertUser stores a user and returns it with its id.
func insertUser(t testing.TB, s account.Transactor, u account.User) account.User {
	t.Helper()
	u.ID = do(t, s, func(ctx context.Context, tx *account.Tx) (int64, error) {
		hash := ""
		if u.Provider == account.ProviderLocal {
			hash = "hash of " + u.Email
		}
		return tx.InsertUser(ctx, u, key(u.Email), hash, now)
	})
	return u
}

// insertUsers stores n users. Their addresses are user1@example.org and so on.
func insertUsers(t testing.TB, s account.Transactor, n int) []account.User {
	t.Helper()
	users := make([]account.User, n)
	for i := range users {
		users[i] = insertUser(t, s, localUser(fmt.Sprintf("user%d@example.org", i+1)))
	}
	return users
}

// insertRole stores a role and returns it with its id.
func insertRole(t testing.TB, s account.Transactor, r access.Role) access.Role {
	t.Helper()
	r.ID = do(t, s, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertRole(ctx, r) })
	return r
}

// insertSession stores a session of a user. The hash of its token is hashOf(name).
func insertSession(t testing.TB, s account.Transactor, userID int64, name string) account.Session {
	t.Helper()
	session := account.Session{UserID: userID, Created: now, LastSeen: now, ClientNetwork: "192.0.2.1", Device: name}
	session.ID = do(t, s, func(ctx context.Context, tx *account.Tx) (int64, error) {
		return tx.InsertSession(ctx, session, hashOf(name))
	})
	return session
}

// saveThrottle stores a sign-in counter, whether its key exists already or not.
func saveThrottle(t testing.TB, s account.Transactor, v lockout.Counter) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *account.Tx) error {
		if _, err := tx.LockThrottle(ctx, v.Key); err != nil {
			return err
		}
		return tx.SaveThrottle(ctx, v)
	})
}

// counter returns the sign-in counter with a key.
func counter(t testing.TB, s account.Transactor, key string) lockout.Counter {
	t.Helper()
	return do(t, s, func(ctx context.Context, tx *account.Tx) (lockout.Counter, error) { return tx.Throttle(ctx, key) })
}

// insertMail stores a message and returns it with its id.
func insertMail(t testing.TB, s account.Transactor, m account.Mail) account.Mail {
	t.Helper()
	m.ID = do(t, s, func(ctx context.Context, tx *account.Tx) (int64, error) { return tx.InsertMail(ctx, m) })
	return m
}

// counted drops the number of rows that a method returns, and keeps the error.
func counted(_ int, err error) error { return err }

// updateUser replaces the user who has the id of u.
func updateUser(ctx context.Context, tx *account.Tx, u account.User) error {
	before, err := tx.User(ctx, u.ID, now)
	if err != nil && !errors.Is(err, account.ErrNotFound) {
		return err
	}
	return tx.UpdateUser(ctx, before, u, key(u.Email), now)
}
