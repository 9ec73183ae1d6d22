package service_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// An attacker must not tell an account that is there from one that is not, by
// the answer or by the work that it takes.
func TestFailedSignInsAreAlike(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.user("locked@example.org")
	f.insert(account.User{Email: "inactive@example.org", RoleIDs: access.DefaultRoles})
	f.insert(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP, RoleIDs: access.DefaultRoles})
	for i := range 3 {
		_, err := f.try("locked@example.org", wrong, source(i))
		wantCode(t, err, account.CodeInvalidCredentials)
	}

	tests := []struct{ name, email, password string }{
		{"wrong password", "ann@example.org", wrong},
		{"empty password", "ann@example.org", ""},
		{"unknown address", "nobody@example.org", password},
		{"not an address", "nobody", password},
		{"empty address", "", password},
		{"NUL in the address", "ann@example.org\x00", password},
		{"inactive, right password", "inactive@example.org", password},
		{"inactive, wrong password", "inactive@example.org", wrong},
		{"locked, right password", "locked@example.org", password},
		{"locked, wrong password", "locked@example.org", wrong},
		{"kept by a directory", "ldap@example.org", password},
		{"kept by a directory, empty password", "ldap@example.org", ""},
	}
	var first error
	var firstCalls map[string]int
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hashed := f.pool.HashCount()
			var err error
			calls := f.store.during(func() { _, err = f.try(test.email, test.password, source(100+i)) })
			wantCode(t, err, account.CodeInvalidCredentials)
			if n := f.pool.HashCount() - hashed; n != 1 {
				t.Errorf("it computed %d hashes, want 1", n)
			}
			if first == nil {
				first, firstCalls = err, calls
			}
			if !reflect.DeepEqual(err, first) {
				t.Errorf("the failure is %#v, that of the first case %#v", err, first)
			}
			if !maps.Equal(calls, firstCalls) {
				t.Errorf("it asked the store for %v, the first case for %v", calls, firstCalls)
			}
		})
	}
}

// The 429 comes at the same try, whether there is an account or not.
func TestSourceLimitIsAlike(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	for i, email := range []string{"ann@example.org", "nobody@example.org"} {
		for range 20 {
			_, err := f.try(email, wrong, source(i))
			wantCode(t, err, account.CodeInvalidCredentials)
		}
		hashed := f.pool.HashCount()
		calls := f.store.during(func() {
			_, err := f.try(email, password, source(i))
			wantCode(t, err, account.CodeTooManyRequests)
			if got := asError(t, err).RetryAfter; got != time.Minute {
				t.Errorf("%s: RetryAfter = %v, want 1m", email, got)
			}
		})
		if calls["CredentialByEmail"] != 0 || f.pool.HashCount() != hashed {
			t.Errorf("%s: the limit of the source came after a look-up: %v", email, calls)
		}
		f.clock.advance(time.Minute - time.Microsecond)
		_, err := f.try("other@example.org", wrong, source(i))
		wantCode(t, err, account.CodeTooManyRequests)
		f.clock.advance(time.Microsecond)
		_, err = f.try("other@example.org", wrong, source(i))
		wantCode(t, err, account.CodeInvalidCredentials)
	}
}

// However many parallel tries there are, an unknown address is out of slots like
// a known one.
func TestFullThrottleIsAlike(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ann@example.org")
	var failures []error
	for i, email := range []string{"ann@example.org", "nobody@example.org"} {
		for range 3 {
			f.crash(email, source(i))
		}
		_, err := f.try(email, password, source(i))
		wantCode(t, err, account.CodeTooManyRequests)
		failures = append(failures, err)
	}
	if !reflect.DeepEqual(failures[0], failures[1]) {
		t.Errorf("the failures differ: %#v, %#v", failures[0], failures[1])
	}
}

func TestPasswordTooLongToVerify(t *testing.T) {
	f := newFixture(t)
	calls := f.store.during(func() {
		_, err := f.try(adminEmail, strings.Repeat("x", 1025), home)
		wantPaths(t, err, account.CodeInvalid, "/password")
	})
	if len(calls) > 0 {
		t.Errorf("it asked the store for %v", calls)
	}
	_, err := f.try(adminEmail, strings.Repeat("x", 1024), home)
	wantCode(t, err, account.CodeInvalidCredentials)
}

func TestFullHashQueue(t *testing.T) {
	f := newFixture(t)
	for i := 0; ; i++ {
		ticket, err := f.pool.Acquire(fmt.Sprint(i))
		if err != nil {
			break
		}
		t.Cleanup(ticket.Release)
	}
	for _, email := range []string{adminEmail, "nobody@example.org"} {
		calls := f.store.during(func() {
			_, err := f.try(email, password, home)
			wantCode(t, err, account.CodeUnavailable)
			if asError(t, err).RetryAfter <= 0 {
				t.Error("it does not say when to try again")
			}
		})
		if len(calls) > 0 {
			t.Errorf("%s: it asked the store for %v", email, calls)
		}
	}
}

func TestSignInByAnyFormOfTheAddress(t *testing.T) {
	f := newFixture(t)
	f.user("zoë.straße@bücher.example")
	for _, email := range []string{
		"zoë.straße@bücher.example", "ZOË.STRASSE@BÜCHER.EXAMPLE", norm.NFD.String("Zoë.Straße@Bücher.example"),
		"zoë.straße@xn--bcher-kva.example", "zoë.straße@XN--BCHER-KVA.example",
	} {
		if _, err := f.try(email, password, home); err != nil {
			t.Errorf("%+q does not sign in: %v", email, err)
		}
	}
	_, err := f.try("zoe.strasse@bücher.example", password, home)
	wantCode(t, err, account.CodeInvalidCredentials)
}

func TestSignInByAnyFormOfThePassword(t *testing.T) {
	f := newFixture(t)
	const accented = "Crème-Brûlée-1"
	for i, form := range []norm.Form{norm.NFC, norm.NFD} {
		email := fmt.Sprintf("user%d@example.org", i)
		_, err := f.CreateUsers(t.Context(), f.as(adminEmail), []account.NewUser{
			{Name: "Zoë", Email: email, Password: secret.New(form.String(accented)), Active: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.signIn(email, norm.NFC.String(accented))
		f.signIn(email, norm.NFD.String(accented))
	}
}

func TestSignInRehashes(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	dear := f.with(func(o *service.Options) {
		o.Passwords = newPool(passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 8)
	})
	hash := func() string { return must(f.store.Credential(t.Context(), id)).PasswordHash }
	signIn := func(s *service.Service) error {
		_, err := s.SignIn(t.Context(), "ann@example.org", secret.New(password), account.Origin{ClientNetwork: home})
		return err
	}
	session := f.signIn("ann@example.org", password)
	if hash() != f.hash {
		t.Fatal("a hash of the current costs was replaced")
	}
	if err := signIn(dear); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(hash(), "m=128,t=1,p=1") {
		t.Fatalf("the hash is %q", hash())
	}
	if f.over(session) {
		t.Error("a new hash of the same password ended a session")
	}
	if len(f.changed.ids) > 0 {
		t.Error("a new hash of the same password counts as a change")
	}
}

// Parallel sign-ins with a hash of old costs all hash anew. None is refused for
// another's having been faster.
func TestParallelSignInsRehash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.user("ann@example.org")
	dear := f.with(func(o *service.Options) {
		o.Passwords = newPool(passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 8)
	})
	for range 10 {
		f.write(func(ctx context.Context, tx account.Tx) error {
			return tx.SetPassword(ctx, id, f.hash, false, f.clock.Now())
		})
		for _, err := range parallel(3, func(i int) error {
			_, err := dear.SignIn(t.Context(), "ann@example.org", secret.New(password), account.Origin{ClientNetwork: home})
			return err
		}) {
			if err != nil {
				t.Fatalf("a right password is refused: %v", err)
			}
		}
	}
	f.clock.advance(time.Minute) // reservations that nobody settled would count now
	f.signIn("ann@example.org", password)
	_, err := f.try("ann@example.org", wrong, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	f.signIn("ann@example.org", password)
}

// What changes while a password is verified counts.
func TestAccountChangesDuringSignIn(t *testing.T) {
	changes := map[string]func(context.Context, account.Tx, account.User) error{
		"deactivated": func(ctx context.Context, tx account.Tx, u account.User) error {
			u.Active = false
			return tx.UpdateUser(ctx, u, u, "ann@example.org", time.Now())
		},
		"deleted": func(ctx context.Context, tx account.Tx, u account.User) error {
			return tx.DeleteUser(ctx, u.ID)
		},
		"password changed": func(ctx context.Context, tx account.Tx, u account.User) error {
			return tx.SetPassword(ctx, u.ID, newPool(cheap, 1).DummyHash(), false, time.Now())
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.user("ann@example.org")
			err := f.pausedSignIn("ann@example.org", home, func(_, release func()) {
				f.behind(func(ctx context.Context, tx account.Tx) error {
					return change(ctx, tx, must(tx.User(ctx, id, f.clock.Now())))
				})
				release()
			})
			wantCode(t, err, account.CodeInvalidCredentials)
		})
	}
}
