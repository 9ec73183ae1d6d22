package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// Sweep deletes what is over, and nothing that is still of use.
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
		f.WriteStore(func(ctx context.Context, tx account.Tx) (err error) {
			yes, err = tx.IsKnownNetwork(ctx, id, servicetest.Home, time.Time{})
			return err
		})
		return yes
	}
	failures := func(key string) (n int) {
		f.WriteStore(func(ctx context.Context, tx account.Tx) error {
			v, err := tx.Throttle(ctx, key)
			n = v.WindowFailures
			return err
		})
		return n
	}
	there := func(err error) bool {
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	steps := []struct {
		at                             time.Duration
		session, counter, source, mail bool
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
		if got := there(err); got != step.session {
			t.Errorf("at %v the session is there: %v", step.at, got)
		}
		for _, key := range []string{servicetest.UnknownNetworksKey(id), "source|" + servicetest.ClientNetwork(77)} {
			if got := failures(key) > 0; got != step.counter {
				t.Errorf("at %v the counter %s is there: %v", step.at, key, got)
			}
		}
		if got := known(); got != step.source {
			t.Errorf("at %v the known source is there: %v", step.at, got)
		}
		_, err = f.Store.Mail(t.Context(), delivered)
		if got := there(err); got != step.mail {
			t.Errorf("at %v the delivered message is there: %v", step.at, got)
		}
	}
}

// A lock outlives the idle time of its counter.
func TestSweepKeepsLocks(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	f.WriteStore(func(ctx context.Context, tx account.Tx) error {
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
		t.Error("the lock was swept away")
	}
}
