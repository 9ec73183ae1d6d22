package auth_test

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
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// Neither the response nor the work of a failed sign-in shows whether the account exists.
func TestFailedSignInsAreIndistinguishable(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.AddUser("locked@example.org")
	f.StoreUser(account.User{Email: "inactive@example.org", RoleIDs: access.DefaultRoles})
	f.StoreUser(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP,
		RoleIDs: access.DefaultRoles})
	f.LockOut("locked@example.org")
	importHash(f, f.AddUser("imported@example.org"))

	tests := []struct{ name, email, password string }{
		{"wrong password", "ann@example.org", servicetest.WrongPassword},
		{"empty password", "ann@example.org", ""},
		{"unknown address", "nobody@example.org", servicetest.Password},
		{"not an address", "nobody", servicetest.Password},
		{"empty address", "", servicetest.Password},
		{"NUL in the address", "ann@example.org\x00", servicetest.Password},
		{"inactive, correct password", "inactive@example.org", servicetest.Password},
		{"inactive, wrong password", "inactive@example.org", servicetest.WrongPassword},
		{"locked, correct password", "locked@example.org", servicetest.Password},
		{"locked, wrong password", "locked@example.org", servicetest.WrongPassword},
		{"imported hash, wrong password", "imported@example.org", servicetest.WrongPassword},
		{"directory user", "ldap@example.org", servicetest.Password},
		{"directory user, empty password", "ldap@example.org", ""},
	}
	var first error
	var firstCalls map[string]int
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hashed := f.Pool.HashCount()
			var err error
			calls := f.Store.CallsDuring(func() {
				_, err = f.SignInFrom(test.email, test.password, servicetest.ClientNetwork(100+i))
			})
			servicetest.WantCode(t, err, account.CodeInvalidCredentials)
			if n := f.Pool.HashCount() - hashed; n != 1 {
				t.Errorf("the sign-in computed %d hashes, want 1", n)
			}
			if first == nil {
				first, firstCalls = err, calls
			}
			if !reflect.DeepEqual(err, first) {
				t.Errorf("the error is %#v, that of the first case %#v", err, first)
			}
			if !maps.Equal(calls, firstCalls) {
				t.Errorf("the store calls are %v, those of the first case %v", calls, firstCalls)
			}
		})
	}
}

// A client network is refused (429) after the same number of attempts, whether or not the
// account exists.
func TestNetworkLimitIsIndistinguishable(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	for i, email := range []string{"ann@example.org", "nobody@example.org"} {
		for range 20 {
			_, err := f.SignInFrom(email, servicetest.WrongPassword, servicetest.ClientNetwork(i))
			servicetest.WantCode(t, err, account.CodeInvalidCredentials)
		}
		hashed := f.Pool.HashCount()
		calls := f.Store.CallsDuring(func() {
			_, err := f.SignInFrom(email, servicetest.Password, servicetest.ClientNetwork(i))
			servicetest.WantCode(t, err, account.CodeTooManyRequests)
			if got := servicetest.AsError(t, err).RetryAfter; got != time.Minute {
				t.Errorf("%s: RetryAfter = %v, want 1m", email, got)
			}
		})
		if calls["CredentialByEmail"] != 0 || f.Pool.HashCount() != hashed {
			t.Errorf("%s: the sign-in did work before it checked the network's limit: %v", email, calls)
		}
		f.Clock.Advance(time.Minute - time.Microsecond)
		_, err := f.SignInFrom("other@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(i))
		servicetest.WantCode(t, err, account.CodeTooManyRequests)
		f.Clock.Advance(time.Microsecond)
		_, err = f.SignInFrom("other@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(i))
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
}

// With many concurrent attempts, an unknown address runs out of guesses just like a known one.
func TestFullThrottleIsIndistinguishable(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	var errs []error
	for i, email := range []string{"ann@example.org", "nobody@example.org"} {
		for range 3 {
			crashSignIn(f, email, servicetest.ClientNetwork(i))
		}
		_, err := f.SignInFrom(email, servicetest.Password, servicetest.ClientNetwork(i))
		servicetest.WantCode(t, err, account.CodeTooManyRequests)
		errs = append(errs, err)
	}
	if !reflect.DeepEqual(errs[0], errs[1]) {
		t.Errorf("the errors differ: %#v, %#v", errs[0], errs[1])
	}
}

func TestPasswordTooLongToVerify(t *testing.T) {
	f := servicetest.New(t)
	calls := f.Store.CallsDuring(func() {
		_, err := f.SignInFrom(servicetest.AdminEmail, strings.Repeat("x", 1025), servicetest.Home)
		servicetest.WantPaths(t, err, account.CodeInvalid, "/password")
	})
	if len(calls) > 0 {
		t.Errorf("the sign-in called the store: %v", calls)
	}
	_, err := f.SignInFrom(servicetest.AdminEmail, strings.Repeat("x", 1024), servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
}

func TestFullHashQueue(t *testing.T) {
	f := servicetest.New(t)
	for i := 0; ; i++ {
		ticket, err := f.Pool.Acquire(fmt.Sprint(i))
		if err != nil {
			break
		}
		t.Cleanup(ticket.Release)
	}
	for _, email := range []string{servicetest.AdminEmail, "nobody@example.org"} {
		calls := f.Store.CallsDuring(func() {
			_, err := f.SignInFrom(email, servicetest.Password, servicetest.Home)
			servicetest.WantCode(t, err, account.CodeUnavailable)
			if servicetest.AsError(t, err).RetryAfter <= 0 {
				t.Error("RetryAfter is not set")
			}
		})
		if len(calls) > 0 {
			t.Errorf("%s: the sign-in called the store: %v", email, calls)
		}
	}
}

func TestSignInByAnyFormOfTheAddress(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("zoë.straße@bücher.example")
	for _, email := range []string{
		"zoë.straße@bücher.example", "ZOË.STRASSE@BÜCHER.EXAMPLE", norm.NFD.String("Zoë.Straße@Bücher.example"),
		"zoë.straße@xn--bcher-kva.example", "zoë.straße@XN--BCHER-KVA.example",
	} {
		if _, err := f.SignInFrom(email, servicetest.Password, servicetest.Home); err != nil {
			t.Errorf("sign in as %+q: %v", email, err)
		}
	}
	_, err := f.SignInFrom("zoe.strasse@bücher.example", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
}

func TestSignInByAnyFormOfThePassword(t *testing.T) {
	f := servicetest.New(t)
	const accented = "Crème-Brûlée-1"
	for i, form := range []norm.Form{norm.NFC, norm.NFD} {
		email := fmt.Sprintf("user%d@example.org", i)
		_, err := f.CreateUsers(t.Context(), f.Admin(), []account.NewUser{
			{Profile: account.Profile{Name: "Zoë"}, Email: email, Password: secret.New(form.String(accented)), Active: true},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.NewSessionWith(email, norm.NFC.String(accented))
		f.NewSessionWith(email, norm.NFD.String(accented))
	}
}

func TestSignInRehashes(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	expensive := f.With(func(o *service.Options) {
		o.Passwords = servicetest.NewPool(passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 8)
	})
	hash := func() string { return servicetest.Must(f.Store.Credential(t.Context(), id)).PasswordHash }
	signIn := func(s *service.Service) error {
		_, err := s.SignIn(t.Context(), "ann@example.org", secret.New(servicetest.Password),
			account.Origin{ClientNetwork: servicetest.Home})
		return err
	}
	session := f.NewSession("ann@example.org")
	if hash() != f.PasswordHash {
		t.Fatal("a hash with the current parameters was replaced")
	}
	if err := signIn(expensive); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(hash(), "m=128,t=1,p=1") {
		t.Fatalf("the hash is %q", hash())
	}
	if f.IsRevoked(session) {
		t.Error("a rehash ended a session")
	}
	if len(f.PasswordChanges()) > 0 {
		t.Error("a rehash counts as a password change")
	}
}

// Concurrent sign-ins all replace an outdated hash. None of them is refused because another one
// was faster.
func TestParallelSignInsRehash(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	expensive := f.With(func(o *service.Options) {
		o.Passwords = servicetest.NewPool(passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 8)
	})
	for range 10 {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			return tx.SetPassword(ctx, id, f.PasswordHash, false, f.Clock.Now())
		})
		for _, err := range servicetest.Parallel(3, func(i int) error {
			_, err := expensive.SignIn(t.Context(), "ann@example.org", secret.New(servicetest.Password),
				account.Origin{ClientNetwork: servicetest.Home})
			return err
		}) {
			if err != nil {
				t.Fatalf("a correct password is refused: %v", err)
			}
		}
	}
	f.Clock.Advance(time.Minute) // a reservation that was not finished would count as a failure now
	f.NewSession("ann@example.org")
	_, err := f.SignInFrom("ann@example.org", servicetest.WrongPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.NewSession("ann@example.org")
}

// A change of the account while the password is verified affects the sign-in.
func TestAccountChangesDuringSignIn(t *testing.T) {
	changes := map[string]func(context.Context, *account.Tx, account.User) error{
		"deactivated": func(ctx context.Context, tx *account.Tx, u account.User) error {
			u.Active = false
			return tx.UpdateUser(ctx, u, u, "ann@example.org", time.Now())
		},
		"deleted": func(ctx context.Context, tx *account.Tx, u account.User) error {
			return tx.DeleteUser(ctx, u.ID)
		},
		"password changed": func(ctx context.Context, tx *account.Tx, u account.User) error {
			return tx.SetPassword(ctx, u.ID, servicetest.NewPool(servicetest.CheapHash, 1).DummyHash(), false, time.Now())
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org")
			err := pausedSignIn(f, "ann@example.org", servicetest.Password, servicetest.Home, func(_, release func()) {
				f.TryWriteStore(func(ctx context.Context, tx *account.Tx) error {
					return change(ctx, tx, servicetest.Must(tx.User(ctx, id, f.Clock.Now())))
				})
				release()
			})
			servicetest.WantCode(t, err, account.CodeInvalidCredentials)
		})
	}
}
