package service_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestCreateAdministrator(t *testing.T) {
	f := servicetest.New(t)
	u := servicetest.NewUser("second@example.org")
	u.Active = false // ignored: the new administrator must be able to sign in
	created, err := f.CreateAdministrator(t.Context(), u)
	if err != nil || !created.Active {
		t.Fatalf("created %+v, %v", created, err)
	}
	if p := f.As("second@example.org"); !p.Access.Administrator || p.User.NeedPasswordReset {
		t.Errorf("the principal is %+v", p)
	}
	_, err = f.CreateAdministrator(t.Context(), servicetest.NewUser("ADMIN@example.org"))
	servicetest.WantPaths(t, err, account.CodeEmailTaken, "/email")
	_, err = f.CreateAdministrator(t.Context(), account.NewUser{})
	servicetest.WantPaths(t, err, account.CodeInvalid, "/name", "/email", "/password")
}

func TestEmergencyReset(t *testing.T) {
	f := servicetest.New(t)
	session := f.NewSession(servicetest.AdminEmail)
	f.LockOut(servicetest.AdminEmail)
	if err := f.EmergencyReset(t.Context(), "Admin@example.org", secret.New(servicetest.NextPassword)); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(session) || f.StoredUser(1).LockedOut || len(f.PasswordChanges()) != 1 {
		t.Errorf("session revoked: %v, locked: %v, password changes: %v",
			f.IsRevoked(session), f.StoredUser(1).LockedOut, f.PasswordChanges())
	}
	if in := f.NewSessionWith(servicetest.AdminEmail, servicetest.NextPassword); !in.NeedPasswordReset {
		t.Error("NeedPasswordReset is not set")
	}
	servicetest.WantPaths(t, f.EmergencyReset(t.Context(), servicetest.AdminEmail, secret.New("weak")),
		account.CodeInvalid, "/password")
}

func TestEmergencyUnlock(t *testing.T) {
	f := servicetest.New(t)
	session := f.NewSession(servicetest.AdminEmail)
	f.LockOut(servicetest.AdminEmail)
	if err := f.EmergencyUnlock(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	if f.StoredUser(1).LockedOut || f.IsRevoked(session) {
		t.Error("the unlock must end the lock and no session")
	}
	if _, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.ClientNetwork(9)); err != nil {
		t.Error(err)
	}
}

func TestEmergencyEndSessions(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	sessions := []auth.SignInResult{f.NewSession(servicetest.AdminEmail), f.NewSession(servicetest.AdminEmail)}
	bystander := f.NewSession("ann@example.org")
	if err := f.EmergencyEndSessions(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(sessions[0]) || !f.IsRevoked(sessions[1]) || f.IsRevoked(bystander) {
		t.Error("the call must end every session of the user and of no other")
	}
}

func TestEmergencyEndKeys(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org", access.UserRole)
	session := f.Admin()
	keys := []secret.Text{f.NewContractKey(session), f.NewNamedKey(session, apikey.NewAPIKey{Name: "a"})}
	bystander := f.NewContractKey(f.As("ann@example.org"))
	if err := f.EmergencyEndKeys(t.Context(), servicetest.AdminEmail); err != nil {
		t.Fatal(err)
	}
	if f.IsAccepted(keys[0]) || f.IsAccepted(keys[1]) || !f.IsAccepted(bystander) {
		t.Error("the call must revoke every key of the user and of no other")
	}
	if _, err := f.Sessions(t.Context(), session, 1); err != nil {
		t.Errorf("use the session: %v", err)
	}
}

func TestEmergencyForMissingUser(t *testing.T) {
	f := servicetest.New(t)
	for _, email := range []string{"nobody@example.org", "", "not an address"} {
		for name, err := range map[string]error{
			"reset":        f.EmergencyReset(t.Context(), email, secret.New(servicetest.NextPassword)),
			"unlock":       f.EmergencyUnlock(t.Context(), email),
			"end sessions": f.EmergencyEndSessions(t.Context(), email),
			"end keys":     f.EmergencyEndKeys(t.Context(), email),
		} {
			if account.ErrorCode(err) != account.CodeNotFound {
				t.Errorf("%s of %q: %v", name, email, err)
			}
		}
	}
	if len(f.PasswordChanges()) > 0 {
		t.Errorf("PasswordChanged was called for %v, want no call", f.PasswordChanges())
	}
}
