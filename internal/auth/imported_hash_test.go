package auth_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// importHash gives a user a hash of [servicetest.Password] that costs more than those of the pool.
func importHash(f *servicetest.Fixture, userID int64) {
	f.T.Helper()
	other := servicetest.NewPool(passhash.Params{Memory: 128, Passes: 1, Threads: 1}, 1)
	hashes, err := other.HashAll(f.T.Context(), []secret.Text{secret.New(servicetest.Password)})
	if err != nil {
		f.T.Fatal(err)
	}
	setHash(f, userID, hashes[0])
}

func setHash(f *servicetest.Fixture, userID int64, hash string) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		return tx.SetPassword(ctx, userID, hash, false, f.Clock.Now())
	})
}

// The answer for a locked account does not depend on its stored hash, and costs as much as any.
func TestStoredHashOfLockedAccountIsNotVerified(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.LockOut("ann@example.org")
	setHash(f, id, "a text that cannot be verified")
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
}

// Attempts at accounts with expensive hashes hold 8 places of the hash queue at most, so that the
// other places are left to others. Those that get none are told to try again. They lose no guess.
func TestImportedHashesLeaveTheQueueToOthers(t *testing.T) {
	t.Parallel()
	const accounts, places = 12, 8
	f := servicetest.New(t)
	email := func(i int) string { return fmt.Sprintf("user%d@example.org", i) }
	for i := range accounts {
		importHash(f, f.AddUser(email(i)))
	}
	refused := 0
	for _, err := range heldSignIns(f, accounts, accounts-places, func(s *service.Service, i int) error {
		_, err := s.SignIn(t.Context(), email(i), secret.New(servicetest.Password), from(servicetest.Home))
		return err
	}) {
		if err != nil {
			wantRetryAfter(t, err, account.CodeUnavailable)
			refused++
		}
	}
	if refused != accounts-places {
		t.Errorf("%d sign-ins were refused, want %d", refused, accounts-places)
	}
	f.Clock.Advance(10 * time.Second) // a guess that was not given back would count as a failure now
	for i := range accounts {
		f.NewSession(email(i))
	}
	if n := networkFailures(f, servicetest.Home); n != 0 {
		t.Errorf("the refused sign-ins count as %d failures of their network", n)
	}
}

// Attempts at one account with an expensive hash hold 2 places at most.
func TestImportedHashHoldsTwoPlaces(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	importHash(f, id)
	refused := 0
	for _, err := range heldSignIns(f, 3, 1, func(s *service.Service, i int) error {
		_, err := s.SignIn(t.Context(), "ann@example.org", secret.New(servicetest.WrongPassword),
			from(servicetest.ClientNetwork(i)))
		return err
	}) {
		if account.ErrorCode(err) == account.CodeInvalidCredentials {
			continue
		}
		wantRetryAfter(t, err, account.CodeUnavailable)
		refused++
	}
	if refused != 1 || f.StoredUser(id).LockedOut {
		t.Errorf("%d of 3 guesses were refused, and the account is locked: %v", refused, f.StoredUser(id).LockedOut)
	}
	_, err := f.SignInFrom("ann@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(3))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if !f.StoredUser(id).LockedOut {
		t.Error("three guesses do not lock the account")
	}
}
