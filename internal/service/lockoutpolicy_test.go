package service_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// A change of the policy holds for the next sign-in.
func TestUpdateLockoutPolicy(t *testing.T) {
	f := newFixture(t)
	admin := f.as(adminEmail)
	if got := must(f.LockoutPolicy(t.Context(), admin)); got != throttle.Default {
		t.Errorf("the policy is %+v", got)
	}
	change := func(up settings.LockoutUpdate) {
		t.Helper()
		if err := f.UpdateLockoutPolicy(t.Context(), admin, up); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(email string, n int) {
		t.Helper()
		for i := range n {
			if _, err := f.try(email, wrong, source(i)); account.ErrorCode(err) != account.CodeInvalidCredentials {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
	}
	ann, ben := f.user("ann@example.org"), f.user("ben@example.org")

	change(settings.LockoutUpdate{Threshold: ptr(1), Duration: ptr(time.Duration(0))})
	f.wantLast(account.ActionSettingsUpdate, "lockout-policy", `{"field":"failedAttemptThreshold","from":3,"to":1}`, `{"field":"lockoutDuration","from":300,"to":0}`)
	fails("ann@example.org", 1)
	f.clock.advance(365 * 24 * time.Hour)
	if !f.find(ann).LockedOut {
		t.Error("a lock without an end has ended")
	}
	if _, err := f.try("ann@example.org", password, home); err == nil {
		t.Error("a locked account signs in")
	}
	admin = f.as(adminEmail)
	change(settings.LockoutUpdate{Enabled: ptr(false)})
	fails("ben@example.org", 10)
	if f.find(ben).LockedOut {
		t.Error("locked, although account lockout is off")
	}
	if _, err := f.try("ann@example.org", password, home); err != nil {
		t.Errorf("an account that was locked before lockout was turned off: %v", err)
	}
	for range 20 {
		_, _ = f.try("ben@example.org", wrong, "192.0.2.99")
	}
	_, err := f.try("ben@example.org", password, "192.0.2.99")
	wantCode(t, err, account.CodeTooManyRequests) // the limit of the source stays
}
