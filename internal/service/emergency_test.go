package service_test

import (
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/apikey"
	"github.com/seed-3a99a2fe/usher/internal/auth"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

func TestCreateAdministrator(t *testing.T) {
	f := newFixture(t)
	u := newUser("second@example.org")
	u.Active = false // an operator wants one who can sign in
	created, err := f.CreateAdministrator(t.Context(), u)
	if err != nil || !created.Active {
		t.Fatalf("created %+v, %v", created, err)
	}
	if p := f.as("second@example.org"); !p.Access.Administrator || p.User.NeedPasswordReset {
		t.Errorf("the principal is %+v", p)
	}
	_, err = f.CreateAdministrator(t.Context(), newUser("ADMIN@example.org"))
	wantPaths(t, err, account.CodeEmailTaken, "/email")
	_, err = f.CreateAdministrator(t.Context(), account.NewUser{})
	wantPaths(t, err, account.CodeInvalid, "/name", "/email", "/password")
}

func TestEmergencyReset(t *testing.T) {
	f := newFixture(t)
	session := f.signIn(adminEmail, password)
	f.lock(adminEmail)
	if err := f.EmergencyReset(t.Context(), "Admin@example.org", secret.New(next)); err != nil {
		t.Fatal(err)
	}
	if !f.over(session) || f.find(1).LockedOut || len(f.changed.ids) != 1 {
		t.Errorf("the session goes on, the lock is there, or the change was told of %v", f.changed.ids)
	}
	if in := f.signIn(adminEmail, next); !in.NeedPasswordReset {
		t.Error("the password need not be changed")
	}
	wantPaths(t, f.EmergencyReset(t.Context(), adminEmail, secret.New("weak")), account.CodeInvalid, "/password")
}

func TestEmergencyUnlock(t *testing.T) {
	f := newFixture(t)
	session := f.signIn(adminEmail, password)
	f.lock(adminEmail)
	if err := f.EmergencyUnlock(t.Context(), adminEmail); err != nil {
		t.Fatal(err)
	}
	if f.find(1).LockedOut || f.over(session) {
		t.Error("it must end the lock, and no session")
	}
	if _, err := f.try(adminEmail, password, source(9)); err != nil {
		t.Error(err)
	}
}

func TestEmergencyEndSessions(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	sessions := []auth.SignInResult{f.signIn(adminEmail, password), f.signIn(adminEmail, password)}
	bystander := f.signIn("ann@example.org", password)
	if err := f.EmergencyEndSessions(t.Context(), adminEmail); err != nil {
		t.Fatal(err)
	}
	if !f.over(sessions[0]) || !f.over(sessions[1]) || f.over(bystander) {
		t.Error("it must end every session of this user, and of no other")
	}
}

func TestEmergencyEndKeys(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org", access.UserRole)
	session := f.as(adminEmail)
	keys := []secret.Text{f.renew(session), f.createKey(session, apikey.NewAPIKey{Name: "a"})}
	bystander := f.renew(f.as("ann@example.org"))
	if err := f.EmergencyEndKeys(t.Context(), adminEmail); err != nil {
		t.Fatal(err)
	}
	if f.works(keys[0]) || f.works(keys[1]) || !f.works(bystander) {
		t.Error("it must end every key of this user, and of no other")
	}
	if _, err := f.Sessions(t.Context(), session, 1); err != nil {
		t.Errorf("the session does not go on: %v", err)
	}
}

func TestEmergencyForNobody(t *testing.T) {
	f := newFixture(t)
	for _, email := range []string{"nobody@example.org", "", "not an address"} {
		for name, err := range map[string]error{
			"reset":        f.EmergencyReset(t.Context(), email, secret.New(next)),
			"unlock":       f.EmergencyUnlock(t.Context(), email),
			"end sessions": f.EmergencyEndSessions(t.Context(), email),
			"end keys":     f.EmergencyEndKeys(t.Context(), email),
		} {
			if account.ErrorCode(err) != account.CodeNotFound {
				t.Errorf("%s of %q: %v", name, email, err)
			}
		}
	}
	if len(f.changed.ids) > 0 {
		t.Errorf("a change was told of %v", f.changed.ids)
	}
}
