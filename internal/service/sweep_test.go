package service_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// Sweep deletes expired rows and no others.
func TestSweep(t *testing.T) {
	const day = 24 * time.Hour
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	sweep := func() {
		t.Helper()
		if err := f.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	session := f.PrincipalOf(f.NewSession("ann@example.org")).Session.ID
	f.RecoveryToken("ann@example.org")
	delivered := f.NewestMail().ID
	f.LockOut("ann@example.org")
	_, err := f.SignInFrom("nobody@example.org", servicetest.WrongPassword, servicetest.ClientNetwork(77))
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)

	known := func() (yes bool) {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
			yes, err = tx.IsKnownNetwork(ctx, id, servicetest.Home, time.Time{})
			return err
		})
		return yes
	}
	failures := func(key string) (n int) {
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			v, err := tx.Throttle(ctx, key)
			n = v.WindowFailures
			return err
		})
		return n
	}
	exists := func(err error) bool {
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	steps := []struct {
		at                              time.Duration
		session, counter, network, mail bool
	}{
		{0, true, true, true, true},
		{account.SessionIdle - time.Microsecond, true, true, true, true},
		{account.SessionIdle, false, true, true, true},
		{day, false, true, true, true},
		{day + time.Microsecond, false, false, true, true},
		{30 * day, false, false, true, true},
		{30*day + time.Microsecond, false, false, false, false},
	}
	for _, step := range steps {
		f.Clock.Advance(step.at - f.Clock.Now().Sub(servicetest.Start))
		sweep()
		_, err := f.Store.Session(t.Context(), session)
		if got := exists(err); got != step.session {
			t.Errorf("after %v the session exists: %v, want %v", step.at, got, step.session)
		}
		for _, key := range []string{servicetest.UnknownNetworksKey(id), "source|" + servicetest.ClientNetwork(77)} {
			if got := failures(key) > 0; got != step.counter {
				t.Errorf("after %v the counter %s exists: %v, want %v", step.at, key, got, step.counter)
			}
		}
		if got := known(); got != step.network {
			t.Errorf("after %v the known network exists: %v, want %v", step.at, got, step.network)
		}
		_, err = f.Store.Mail(t.Context(), delivered)
		if got := exists(err); got != step.mail {
			t.Errorf("after %v the delivered message exists: %v, want %v", step.at, got, step.mail)
		}
	}
}

// Sweep deletes idle sign-in counters, but keeps a counter while it locks a user.
func TestSweepKeepsLocks(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		v, err := tx.LockThrottle(ctx, servicetest.UnknownNetworksKey(id))
		if err != nil {
			return err
		}
		v.LockedUntil = f.Clock.Now().Add(100 * 24 * time.Hour)
		return tx.SaveThrottle(ctx, v)
	})
	f.Clock.Advance(99 * 24 * time.Hour)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !f.StoredUser(id).LockedOut {
		t.Error("the sweep deleted the lock")
	}
}

// Sweep limits the rows that anyone can create, of each kind. It keeps the newest, the counters that
// lock a client network, and all counters of accounts.
func TestSweepLimitsRowsOfStrangers(t *testing.T) {
	f := servicetest.New(t)
	f.LimitStrangerRows(3)
	kept := map[string]bool{}
	save := func(c lockout.Counter, keep bool) {
		kept[c.Key] = keep
		f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
			if _, err := tx.LockThrottle(ctx, c.Key); err != nil {
				return err
			}
			c.Failures = 1
			return tx.SaveThrottle(ctx, c)
		})
	}
	now := f.Clock.Now()
	for i := range 5 {
		network, at := servicetest.ClientNetwork(i), now.Add(-time.Duration(i)*time.Minute)
		save(lockout.Counter{Key: lockout.NetworkKey(network), WindowStart: at, LastFailure: at}, i < 2)
		save(lockout.Counter{Key: lockout.RecoveryKey(network), WindowStart: at}, i < 3)
		save(lockout.Counter{Key: lockout.UnknownSubject("k1", fmt.Append(nil, "address number ", i)) + "new", LastFailure: at}, i < 3)
		save(lockout.Counter{Key: lockout.UserSubject(int64(i)) + network, LastFailure: at}, true)
	}
	locked := lockout.Counter{
		Key: lockout.NetworkKey("192.0.2.99"), LastFailure: now.Add(-time.Hour), LockedUntil: now.Add(time.Hour),
	}
	save(locked, true)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for key, keep := range kept {
			c, err := tx.Throttle(ctx, key)
			if err != nil {
				return err
			}
			if exists := c.Failures > 0; exists != keep {
				t.Errorf("after the sweep %s exists: %v, want %v", key, exists, keep)
			}
		}
		return nil
	})

	for range 5 {
		f.RequestRecovery("nobody@example.org") // no worker takes the requests
	}
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	requests := servicetest.Must(f.Store.Mails(t.Context(), 100)) // newest first
	if len(requests) != 3 || requests[0].ID != 5 {
		t.Errorf("after the sweep %d requests are left, want the newest 3", len(requests))
	}
}
