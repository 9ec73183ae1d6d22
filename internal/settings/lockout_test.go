package settings_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
	"github.com/seed-3a99a2fe/usher/internal/throttle"
)

// A change of the policy holds for the next sign-in.
func TestUpdateLockoutPolicy(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	if got := servicetest.Must(f.LockoutPolicy(t.Context(), admin)); got != throttle.Default {
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
			if _, err := f.SignInFrom(email, servicetest.WrongPassword,
				servicetest.ClientNetwork(i)); account.ErrorCode(err) != account.CodeInvalidCredentials {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
	}
	ann, ben := f.AddUser("ann@example.org"), f.AddUser("ben@example.org")

	change(settings.LockoutUpdate{Threshold: new(1), Duration: new(time.Duration(0))})
	f.WantLastActivity(account.ActionSettingsUpdate, "lockout-policy",
		`{"field":"failedAttemptThreshold","from":3,"to":1}`, `{"field":"lockoutDuration","from":300,"to":0}`)
	fails("ann@example.org", 1)
	f.Clock.Advance(365 * 24 * time.Hour)
	if !f.StoredUser(ann).LockedOut {
		t.Error("a lock without an end has ended")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home); err == nil {
		t.Error("a locked account signs in")
	}
	admin = f.Admin()
	change(settings.LockoutUpdate{Enabled: new(false)})
	fails("ben@example.org", 10)
	if f.StoredUser(ben).LockedOut {
		t.Error("locked, although account lockout is off")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home); err != nil {
		t.Errorf("an account that was locked before lockout was turned off: %v", err)
	}
	for range 20 {
		_, _ = f.SignInFrom("ben@example.org", servicetest.WrongPassword, "192.0.2.99")
	}
	_, err := f.SignInFrom("ben@example.org", servicetest.Password, "192.0.2.99")
	servicetest.WantCode(t, err, account.CodeTooManyRequests) // the limit of the source stays
}
