package service_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// lock fails three sign-ins from three sources.
func (f *fixture) lock(email string) {
	f.t.Helper()
	for i := range 3 {
		_, err := f.try(email, wrong, source(i))
		wantCode(f.t, err, account.CodeInvalidCredentials)
	}
}

// newBucket is the key of the counter for unknown sources.
func newBucket(id int64) string { return fmt.Sprintf("u:%d|new", id) }

func TestLockout(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	f.lock("ann@example.org")
	if !f.find(id).LockedOut {
		t.Error("the user is not shown as locked")
	}
	_, err := f.try("ann@example.org", password, source(50))
	wantCode(t, err, account.CodeInvalidCredentials)
	f.clock.advance(300*time.Second - time.Microsecond)
	_, err = f.try("ann@example.org", password, source(50))
	wantCode(t, err, account.CodeInvalidCredentials)
	f.clock.advance(time.Microsecond)
	if f.find(id).LockedOut {
		t.Error("the user is shown as locked after the lock")
	}
	if _, err := f.try("ann@example.org", password, source(50)); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// However many guesses come at once, no more than the threshold are verified.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.user("ann@example.org")
	hashed := f.pool.HashCount()
	errs := parallel(300, func(i int) error {
		_, err := f.try("ann@example.org", wrong, source(i))
		return err
	})
	count := codes(errs)
	if count[account.CodeInvalidCredentials] < 3 || count[account.CodeInvalidCredentials]+count[account.CodeTooManyRequests] != 300 {
		t.Errorf("the outcomes are %v", count)
	}
	if got := f.store.granted(newBucket(id)); got != 3 {
		t.Errorf("%d guesses were let through to be verified, want 3", got)
	}
	if got := f.pool.HashCount() - hashed; got != count[account.CodeInvalidCredentials] {
		t.Errorf("%d hashes were computed, want one for each guess that was not turned away", got)
	}
	if !f.find(id).LockedOut {
		t.Error("the account is not locked")
	}
}

// A right guess among the many lets in only when it is one of those verified.
func TestRightGuessAmongMany(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.lock("ann@example.org")
	for _, err := range parallel(50, func(i int) error {
		_, err := f.try("ann@example.org", []string{wrong, password}[i%2], source(100+i))
		return err
	}) {
		wantCode(t, err, account.CodeInvalidCredentials)
	}
}

func TestParallelSignIns(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.user("ann@example.org")
	errs := parallel(50, func(i int) error {
		_, err := f.try("ann@example.org", password, source(i))
		return err
	})
	count := codes(errs)
	if count[""] == 0 || count[""]+count[account.CodeTooManyRequests] != 50 {
		t.Errorf("the outcomes are %v, want success, and for some perhaps a request to wait", count)
	}
	if f.find(id).LockedOut {
		t.Error("right passwords have locked the account")
	}
	f.clock.advance(10 * time.Second)
	f.signIn("ann@example.org", password)
}

// Strangers cannot keep the owner out from where he was before, nor end what he
// is doing.
func TestLockIsNoWeapon(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	session := f.signIn("ann@example.org", password)
	f.lock("ann@example.org")
	_, err := f.try("ann@example.org", password, source(9))
	wantCode(t, err, account.CodeInvalidCredentials)
	if f.over(session) {
		t.Error("the lock ended a session")
	}
	owner := f.as("ann@example.org") // from home
	if !owner.User.LockedOut {
		t.Error("a sign-in from a known source has ended the lock for others")
	}
	if err := f.ChangePassword(t.Context(), owner, secret.New(password), secret.New(next), account.Origin{ClientNetwork: home}); err != nil {
		t.Errorf("the owner cannot change the password: %v", err)
	}

	f.clock.advance(30*24*time.Hour + time.Microsecond)
	f.lock("ann@example.org")
	_, err = f.try("ann@example.org", next, home)
	wantCode(t, err, account.CodeInvalidCredentials)
}

// A known source has a counter of its own, which locks like any other.
func TestKnownSourceLocks(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	f.signIn("ann@example.org", password)
	for range 3 {
		_, err := f.try("ann@example.org", wrong, home)
		wantCode(t, err, account.CodeInvalidCredentials)
	}
	_, err := f.try("ann@example.org", password, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	if f.find(id).LockedOut {
		t.Error("a lock of one known source is shown as a lock of the account")
	}
	if _, err := f.try("ann@example.org", password, source(1)); err != nil {
		t.Errorf("another source: %v", err)
	}
}

func TestSourceLimitSpansAccounts(t *testing.T) {
	f := newFixture(t)
	ok := func() { f.signIn(adminEmail, password) }
	for i := range 19 {
		_, err := f.try(fmt.Sprintf("user%d@example.org", i), wrong, home)
		wantCode(t, err, account.CodeInvalidCredentials)
		ok() // does not reset the counter
	}
	_, err := f.try("last@example.org", wrong, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	_, err = f.try(adminEmail, password, home)
	wantCode(t, err, account.CodeTooManyRequests)
	if _, err := f.try(adminEmail, password, source(1)); err != nil {
		t.Errorf("another source: %v", err)
	}
}

// A sign-in whose request or process goes away counts as a failure after 10 s.
func TestCrashedSignInCounts(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	for i := range 3 {
		f.crash("ann@example.org", source(i))
	}
	if f.find(id).LockedOut {
		t.Error("sign-ins without an outcome lock")
	}
	f.clock.advance(10 * time.Second)
	_, err := f.try("ann@example.org", password, source(9))
	wantCode(t, err, account.CodeInvalidCredentials)
	if !f.find(id).LockedOut {
		t.Error("crashed sign-ins do not lock")
	}
	f.clock.advance(5 * time.Minute)
	f.signIn("ann@example.org", password)
}

// Callers who go away before their password is verified plant no lock, and pay
// for it with their source.
func TestAbandonedSignInsCostTheirSource(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	for range 20 {
		f.abandon("ann@example.org", source(1))
	}
	f.signIn("ann@example.org", password)
	_, err := f.try("nobody@example.org", wrong, source(1))
	wantCode(t, err, account.CodeTooManyRequests)
}

// Only so many sign-ins wait for one account: the others are told at once, and
// all pay with their source.
func TestCrowdBeforeOneAccount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.user("ann@example.org")
	for i := range 3 {
		f.crash("ann@example.org", source(i))
	}
	const tries, waiting, looks = 30, 16, 41
	calls := f.store.during(func() {
		for _, err := range parallel(tries, func(int) error {
			_, err := f.try("ann@example.org", password, source(9))
			return err
		}) {
			wantCode(t, err, account.CodeTooManyRequests)
		}
	})
	if most := waiting*looks + (tries - waiting) + tries; calls["Write"] > most {
		t.Errorf("they wrote %d times, want at most %d", calls["Write"], most)
	}
	f.clock.advance(10*time.Minute + 10*time.Second) // the crashes are over, and their lock
	_, err := f.try("ann@example.org", password, source(9))
	wantCode(t, err, "")
}

// A caller who goes away after the hash still has its outcome counted.
func TestCancelledSignInIsSettled(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	for i := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		writes := 0
		f.store.hook(func(name string) {
			if name == "Write" {
				if writes++; writes == 2 { // the settling one is about to begin
					cancel()
				}
			}
		})
		_, err := f.SignIn(ctx, "ann@example.org", secret.New(wrong), account.Origin{ClientNetwork: source(i)})
		if writes != 2 {
			t.Fatalf("a sign-in wrote %d times: %v", writes, err)
		}
	}
	f.store.hook(func(string) {})
	if !f.find(id).LockedOut {
		t.Error("the failures were not counted")
	}
}

// What an address without an account was mistyped from must not be stored.
func TestUnknownAddressIsNotStored(t *testing.T) {
	f := newFixture(t)
	const typed = "My-Secret-Password-1"
	_, err := f.try(typed, wrong, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	f.wantUnwritten(typed, wrong)
}
