package settings_test

import (
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/lockout"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
	"github.com/seed-3a99a2fe/usher/internal/settings"
)

// A new lockout policy applies to the next sign-in.
func TestUpdateLockoutPolicy(t *testing.T) {
	f := servicetest.New(t)
	admin := f.Admin()
	if got := servicetest.Must(f.LockoutPolicy(t.Context(), admin)); got != lockout.Default {
		t.Errorf("the policy is %+v", got)
	}
	update := func(up settings.LockoutUpdate) {
		t.Helper()
		if err := f.UpdateLockoutPolicy(t.Context(), admin, up); err != nil {
			t.Fatal(err)
		}
	}
	failSignIns := func(email string, n int) {
		t.Helper()
		for i := range n {
			_, err := f.SignInFrom(email, servicetest.WrongPassword, servicetest.ClientNetwork(i))
			if account.ErrorCode(err) != account.CodeInvalidCredentials {
				t.Fatalf("guess %d: %v", i+1, err)
			}
		}
	}
	ann, ben := f.AddUser("ann@example.org"), f.AddUser("ben@example.org")

	update(settings.LockoutUpdate{Threshold: new(1), Duration: new(time.Duration(0))})
	f.WantLastActivity(account.ActionSettingsUpdate, "lockout-policy",
		`{"field":"failedAttemptThreshold","from":3,"to":1}`, `{"field":"lockoutDuration","from":300,"to":0}`)
	failSignIns("ann@example.org", 1)
	f.Clock.Advance(365 * 24 * time.Hour)
	if !f.StoredUser(ann).LockedOut {
		t.Error("an indefinite lock has expired")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home); err == nil {
		t.Error("a locked user signed in")
	}
	admin = f.Admin()
	update(settings.LockoutUpdate{Enabled: new(false)})
	failSignIns("ben@example.org", 10)
	if f.StoredUser(ben).LockedOut {
		t.Error("the user is locked although lockout is off")
	}
	if _, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home); err != nil {
		t.Errorf("sign in of a user that was locked before lockout was turned off: %v", err)
	}
	for range 20 {
		_, _ = f.SignInFrom("ben@example.org", servicetest.WrongPassword, "192.0.2.99")
	}
	_, err := f.SignInFrom("ben@example.org", servicetest.Password, "192.0.2.99")
	servicetest.WantCode(t, err, account.CodeTooManyRequests) // the limit of the client network still applies
}
