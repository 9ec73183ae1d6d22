package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestLockout(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.LockOut("ann@example.org")
	if !f.StoredUser(id).LockedOut {
		t.Error("LockedOut is not set")
	}
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(50))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.Clock.Advance(300*time.Second - time.Microsecond)
	_, err = f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(50))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.Clock.Advance(time.Microsecond)
	if f.StoredUser(id).LockedOut {
		t.Error("LockedOut is set after the lock has expired")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(50)); err != nil {
		t.Errorf("sign in after the lock has expired: %v", err)
	}
}

// However many guesses run concurrently, at most the policy's threshold of them are verified.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	hashed := f.Pool.HashCount()
	errs := servicetest.Parallel(300, func(i int) error {
		_, err := f.SignInFrom("ann@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(i))
		return err
	})
	count := servicetest.CountCodes(errs)
	if count[account.CodeInvalidCredentials] < 3 ||
		count[account.CodeInvalidCredentials]+count[account.CodeTooManyRequests] != 300 {
		t.Errorf("the outcomes are %v", count)
	}
	if got := f.Store.ReservedAttempts(servicetest.UnknownNetworksKey(id)); got != 3 {
		t.Errorf("the throttle allowed %d guesses, want 3", got)
	}
	if got := f.Pool.HashCount() - hashed; got != count[account.CodeInvalidCredentials] {
		t.Errorf("%d hashes were computed, want one for each guess that the throttle allowed", got)
	}
	if !f.StoredUser(id).LockedOut {
		t.Error("the account is not locked")
	}
}

// A guess that cannot be counted, because the database refuses writes, is not verified.
func TestUncountedGuessIsNotVerified(t *testing.T) {
	f := servicetest.New(t)
	hashed := f.Pool.HashCount()
	f.Store.Down.Store(true)
	_, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.Home)
	if !errors.Is(err, servicetest.ErrDown) || f.Pool.HashCount() != hashed {
		t.Errorf("the sign-in fails with %v, after %d hashes", err, f.Pool.HashCount()-hashed)
	}
}

// Among many concurrent wrong guesses, a correct one signs in only if the lockout policy has a
// guess left.
func TestCorrectGuessAmongMany(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.LockOut("ann@example.org")
	for _, err := range servicetest.Parallel(50, func(i int) error {
		_, err := f.SignInFrom("ann@example.org", []string{servicetest.WrongPassword, servicetest.Password}[i%2],
			servicetest.ClientNetwork(100+i))
		return err
	}) {
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
}

func TestParallelSignIns(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	errs := servicetest.Parallel(50, func(i int) error {
		_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(i))
		return err
	})
	count := servicetest.CountCodes(errs)
	if count[""] == 0 || count[""]+count[account.CodeTooManyRequests] != 50 {
		t.Errorf("the outcomes are %v, want success or CodeTooManyRequests", count)
	}
	if f.StoredUser(id).LockedOut {
		t.Error("correct passwords locked the account")
	}
	f.Clock.Advance(10 * time.Second)
	f.NewSession("ann@example.org")
}

// Failed sign-ins from unknown networks lock only sign-ins from there. The owner can still sign
// in from a known network, and keeps the existing sessions.
func TestLockDoesNotExcludeTheOwner(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	session := f.NewSession("ann@example.org")
	f.LockOut("ann@example.org")
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(9))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if f.IsRevoked(session) {
		t.Error("the lock ended a session")
	}
	owner := f.As("ann@example.org") // from home
	if !owner.User.LockedOut {
		t.Error("a sign-in from a known network ended the lock for other networks")
	}
	if err := f.ChangeOwnPassword(owner, servicetest.Password, servicetest.NextPassword); err != nil {
		t.Errorf("the owner cannot change the password: %v", err)
	}

	f.Clock.Advance(30*24*time.Hour + time.Microsecond)
	f.LockOut("ann@example.org")
	_, err = f.SignInFrom("ann@example.org", servicetest.NextPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
}

// Failed sign-ins from a known network lock that network for the user.
func TestKnownNetworkLocksUser(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.NewSession("ann@example.org")
	for range 3 {
		_, err := f.SignInFrom("ann@example.org", servicetest.WrongPassword, servicetest.Home)
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if f.StoredUser(id).LockedOut {
		t.Error("a lock of one known network sets LockedOut")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(1)); err != nil {
		t.Errorf("sign in from another network: %v", err)
	}
}

func TestNetworkLimitSpansAccounts(t *testing.T) {
	f := servicetest.New(t)
	ok := func() { f.NewSession(servicetest.AdminEmail) }
	for i := range 19 {
		_, err := f.SignInFrom(fmt.Sprintf("user%d@example.org", i), servicetest.WrongPassword, servicetest.Home)
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
		ok() // a correct password does not reset the counter of the client network
	}
	_, err := f.SignInFrom("last@example.org", servicetest.WrongPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	_, err = f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if _, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.ClientNetwork(1)); err != nil {
		t.Errorf("sign in from another network: %v", err)
	}
}

// A sign-in that a crash interrupts counts as a failure after 10 s.
func TestCrashedSignInCounts(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	for i := range 3 {
		crashSignIn(f, "ann@example.org", servicetest.ClientNetwork(i))
	}
	if f.StoredUser(id).LockedOut {
		t.Error("pending sign-ins lock the account")
	}
	f.Clock.Advance(10 * time.Second)
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(9))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if !f.StoredUser(id).LockedOut {
		t.Error("crashed sign-ins do not lock the account")
	}
	f.Clock.Advance(5 * time.Minute)
	f.NewSession("ann@example.org")
}

// At most 16 sign-ins wait for one account. Others are refused at once. All of them count
// against the limit of their client network.
func TestWaiterLimit(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	for i := range 3 {
		crashSignIn(f, "ann@example.org", servicetest.ClientNetwork(i))
	}
	const attempts, waiters, polls = 30, 16, 41
	calls := f.Store.CallsDuring(func() {
		for _, err := range servicetest.Parallel(attempts, func(int) error {
			_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(9))
			return err
		}) {
			servicetest.WantCode(t, err, account.CodeTooManyRequests)
		}
	})
	if limit := waiters*polls + (attempts - waiters) + attempts; calls["Write"] > limit {
		t.Errorf("the sign-ins wrote %d times, want at most %d", calls["Write"], limit)
	}
	_, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.ClientNetwork(9))
	servicetest.WantCode(t, err, account.CodeTooManyRequests) // the client network is locked
	f.Clock.Advance(10*time.Minute + 10*time.Second)          // the attempts and their lock have expired
	_, err = f.SignInFrom("ann@example.org", servicetest.Password, servicetest.ClientNetwork(9))
	servicetest.WantCode(t, err, "")
}

// A sign-in that is cancelled after its password was verified keeps its outcome.
func TestCancelledSignInReleasesReservation(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	for i := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		writes := 0
		f.Store.OnCall(func(name string) {
			if name == "Write" {
				if writes++; writes == 2 { // the first write reserved the guess, the second stores the outcome
					cancel()
				}
			}
		})
		_, err := f.SignIn(ctx, "ann@example.org", secret.New(servicetest.WrongPassword),
			account.Origin{ClientNetwork: servicetest.ClientNetwork(i)})
		if writes != 2 {
			t.Fatalf("the sign-in wrote %d times, want 2: %v", writes, err)
		}
	}
	f.Store.OnCall(func(string) {})
	if !f.StoredUser(id).LockedOut {
		t.Error("the failures were not counted")
	}
}

// Somebody may type their password into the address field, so an unknown address is not stored.
func TestUnknownAddressIsNotStored(t *testing.T) {
	f := servicetest.New(t)
	const typed = "My-Secret-Password-1"
	_, err := f.SignInFrom(typed, servicetest.WrongPassword, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.WantNotStored(typed, servicetest.WrongPassword)
}
