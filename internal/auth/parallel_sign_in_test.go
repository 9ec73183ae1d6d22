package auth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/passhash"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// A service may sign in from many threads at once. It never locks its account or its network, first
// from a network that is not known for the account yet, and then from a known one.
func TestParallelSignInsFromOneNetwork(t *testing.T) {
	t.Parallel()
	const attempts, refused = 40, 40 - 16 - 3 // 3 have a guess, and 16 wait for one
	f := servicetest.New(t)
	f.AddUser("robot@example.org")
	network := servicetest.ClientNetwork(1)
	for burst := range 3 {
		succeeded := 0
		for _, err := range heldSignIns(f, attempts, refused, func(s *service.Service, _ int) error {
			_, err := s.SignIn(t.Context(), "robot@example.org", secret.New(servicetest.Password), from(network))
			return err
		}) {
			if err == nil {
				succeeded++
				continue
			}
			wantRetryAfter(t, err, account.CodeTooManyRequests)
		}
		if succeeded < 3 {
			t.Errorf("burst %d: %d sign-ins succeeded", burst, succeeded)
		}
		if _, err := f.SignInFrom("robot@example.org", servicetest.Password, network); err != nil {
			t.Errorf("after burst %d: %v", burst, err)
		}
	}
	if n := networkFailures(f, network); n != 0 {
		t.Errorf("correct passwords count as %d failures of their network", n)
	}
}

// Guesses that are refused because of parallel wrong guesses count against their client network.
func TestParallelWrongGuessesCountForTheirNetwork(t *testing.T) {
	t.Parallel()
	const attempts, refused = 40, 40 - 16 - 3
	for _, email := range []string{"ann@example.org", "nobody@example.org"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			f := servicetest.New(t)
			f.AddUser("ann@example.org")
			network := servicetest.ClientNetwork(1)
			heldSignIns(f, attempts, refused, func(s *service.Service, _ int) error {
				_, err := s.SignIn(t.Context(), email, secret.New(servicetest.WrongPassword), from(network))
				return err
			})
			// Without the refused ones there are 19 failures at most, and 20 lock a network.
			_, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, network)
			servicetest.WantCode(t, err, account.CodeTooManyRequests)
		})
	}
}

// Attempts that get no guess don't count against a client network that is known for the account.
func TestRefusedAttemptsDoNotCountForKnownNetworks(t *testing.T) {
	t.Parallel()
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.NewSession("ann@example.org") // from home
	for range 3 {
		crashSignIn(f, "ann@example.org", servicetest.Home)
	}
	for _, err := range servicetest.Parallel(30, func(int) error {
		_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home)
		return err
	}) {
		wantRetryAfter(t, err, account.CodeTooManyRequests)
	}
	if n := networkFailures(f, servicetest.Home); n != 0 {
		t.Errorf("the refused attempts count as %d failures", n)
	}
}

// A caller who disconnects doesn't change the outcome: a correct password counts as correct.
func TestAbandonedSignInsSucceed(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	network := servicetest.ClientNetwork(1)
	for range 21 {
		err := abandonSignIn(f, "ann@example.org", servicetest.Password, network)
		servicetest.WantCode(t, err, "")
	}
	if n := networkFailures(f, network); n != 0 {
		t.Errorf("abandoned sign-ins count as %d failures of their network", n)
	}
	if f.StoredUser(id).LockedOut {
		t.Error("the account is locked")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, network); err != nil {
		t.Error(err)
	}
}

// A caller who disconnects gains no guesses: each wrong one counts against account and network.
func TestAbandonedGuessesCount(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	network := servicetest.ClientNetwork(1)
	for range 5 {
		err := abandonSignIn(f, "ann@example.org", servicetest.WrongPassword, network)
		servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	}
	if got := f.Store.ReservedAttempts(servicetest.UnknownNetworksKey(id)); got != 3 {
		t.Errorf("the throttle allowed %d guesses, want 3", got)
	}
	if !f.StoredUser(id).LockedOut {
		t.Error("the account is not locked")
	}
	if n := networkFailures(f, network); n != 5 {
		t.Errorf("the network has %d failures, want 5", n)
	}
}

// Callers who disconnect don't free their places in the hash queue: one client network holds at
// most half of them, whether or not it waits for the answers.
func TestAbandonedSignInsStayInTheQueue(t *testing.T) {
	t.Parallel()
	const half = 32
	f := servicetest.New(t)
	pool, release := newHeldPool(t, 1)
	s := f.With(func(o *service.Options) { o.Passwords = pool })
	ctx, disconnect := context.WithCancel(t.Context())
	defer disconnect()
	results := make(chan error, half)
	saved := make(chan struct{}, 10*half)
	f.Store.OnCall(func(name string) {
		if name == "SaveThrottle" {
			saved <- struct{}{}
		}
	})
	for i := range half {
		go func() {
			_, err := s.SignIn(ctx, fmt.Sprintf("user%d@example.org", i), secret.New(servicetest.Password),
				from(servicetest.Home))
			results <- err
		}()
	}
	for range half { // reservations
		<-saved
	}
	disconnect()
	if _, err := pool.Acquire(servicetest.Home); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("Acquire = %v, want ErrBusy", err)
	}
	select {
	case err := <-results:
		t.Errorf("a sign-in ended before its password was verified: %v", err)
		results <- err
	default:
	}
	release()
	for range half {
		servicetest.WantCode(t, <-results, account.CodeInvalidCredentials)
	}
}
