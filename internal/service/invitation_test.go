package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// withoutPassword stores an active local user who has no password yet.
func (f *fixture) withoutPassword(email string) (id int64) {
	f.t.Helper()
	f.write(func(ctx context.Context, tx account.Tx) (err error) {
		key, _ := account.ParseEmail(email)
		id, err = tx.InsertUser(ctx, account.User{
			Email: email, Name: "New", Provider: account.ProviderLocal, Identifier: email, Active: true,
			EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
		}, key, "", f.clock.Now())
		return err
	})
	return id
}

func TestInvitation(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	if _, err := f.try("ann@example.org", "", home); account.ErrorCode(err) != account.CodeInvalidCredentials {
		t.Errorf("without a password: %v", err)
	}
	if err := f.InviteUser(t.Context(), f.as(adminEmail), id); err != nil {
		t.Fatal(err)
	}
	d := f.claim()
	if d == nil || d.Message.To != "ann@example.org" || d.Message.Subject != "invitation for New" {
		t.Fatalf("the message is %+v", d)
	}
	f.clock.advance(account.InvitationLifetime - time.Microsecond)
	if err := f.retrieve(tokenIn(d), next); err != nil {
		t.Fatal(err)
	}
	if in := f.signIn("ann@example.org", next); in.NeedPasswordReset {
		t.Error("who has just chosen a password has to choose another")
	}
	wantCode(t, f.retrieve(tokenIn(d), "Another-Word-4"), account.CodeInvalidRecoveryToken)
}

func TestInvitationExpires(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	if err := f.InviteUser(t.Context(), f.as(adminEmail), id); err != nil {
		t.Fatal(err)
	}
	token := tokenIn(f.claim())
	f.clock.advance(account.InvitationLifetime)
	wantCode(t, f.retrieve(token, next), account.CodeInvalidRecoveryToken)
}

// Who was never invited, or too long ago, can ask for a message himself.
func TestForgottenPasswordWithoutOne(t *testing.T) {
	f := newFixture(t)
	f.withoutPassword("ann@example.org")
	if err := f.retrieve(f.recoveryToken("ann@example.org"), next); err != nil {
		t.Fatal(err)
	}
	f.signIn("ann@example.org", next)
}

// Anybody can ask for recovery messages to an address that he knows.
func TestRecoveriesLeaveInvitations(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	if err := f.InviteUser(t.Context(), f.as(adminEmail), id); err != nil {
		t.Fatal(err)
	}
	invitation := tokenIn(f.claim())
	var recovery string
	for range 3 {
		recovery = f.recoveryToken("ann@example.org")
	}
	if err := f.retrieve(invitation, next); err != nil {
		t.Errorf("the invitation after three requests: %v", err)
	}
	wantCode(t, f.retrieve(recovery, "Another-Word-4"), account.CodeInvalidRecoveryToken)
}

func TestInvitationsLeaveRecoveries(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	recovery := f.recoveryToken("ann@example.org")
	admin := f.as(adminEmail)
	for range 3 {
		if err := f.InviteUser(t.Context(), admin, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.retrieve(recovery, next); err != nil {
		t.Errorf("the recovery after three invitations: %v", err)
	}
	wantCode(t, f.retrieve(tokenIn(f.claim()), "Another-Word-4"), account.CodeInvalidRecoveryToken)
}

func TestThreeInvitationsAnHour(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	admin := f.as(adminEmail)
	for range 3 {
		if err := f.InviteUser(t.Context(), admin, id); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, f.InviteUser(t.Context(), admin, id), account.CodeTooManyRequests)
	f.clock.advance(time.Hour)
	if err := f.InviteUser(t.Context(), admin, id); err != nil {
		t.Error(err)
	}
}

func TestWhoMayBeInvited(t *testing.T) {
	f := newFixture(t)
	editor := f.role(
		access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll},
		access.Permission{Entity: access.EntityUser, Action: access.ActionEditAccess, Scope: access.ScopeAll},
	)
	self := f.user("editor@example.org", editor)
	caller := f.as("editor@example.org")
	for name, test := range map[string]struct {
		id   int64
		want account.Code
	}{
		"oneself":       {self, account.CodeUsePasswordChange},
		"absent":        {999, account.CodeNotFound},
		"administrator": {1, account.CodeForbidden},
		"inactive":      {f.insert(account.User{Email: "inactive@example.org", RoleIDs: []int64{f.role()}}), account.CodeInactiveUser},
		"ldap":          {f.insert(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP, RoleIDs: []int64{f.role()}}), account.CodeNotLocalUser},
		"fine":          {f.user("fine@example.org", f.role()), ""},
	} {
		if got := account.ErrorCode(f.InviteUser(t.Context(), caller, test.id)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if n := len(must(f.store.Mails(t.Context(), 10))); n != 1 {
		t.Errorf("%d messages, want the one", n)
	}
}

// Somebody without a password cannot administer, so does not count.
func TestAdministratorWithoutPassword(t *testing.T) {
	f := newFixture(t)
	id := f.withoutPassword("ann@example.org")
	if _, err := f.SetUserRoles(t.Context(), f.as(adminEmail), id, []int64{1}); err != nil {
		t.Fatal(err)
	}
	_, err := f.SetUserRoles(t.Context(), f.as(adminEmail), 1, []int64{2})
	wantCode(t, err, account.CodeLastAdministrator)
}

// Who is created with an invitation has no password until he chooses one.
func TestInvitedAtCreation(t *testing.T) {
	f := newFixture(t)
	creator := f.role(
		access.Permission{Entity: access.EntityUser, Action: access.ActionRead, Scope: access.ScopeAll},
		access.Permission{Entity: access.EntityUser, Action: access.ActionCreate, Scope: access.ScopeAll},
	)
	f.user("creator@example.org", creator)
	invited := account.NewUser{Name: "Ann", Email: "ann@example.org", Active: true, Invite: true}
	made, err := f.CreateUsers(t.Context(), f.as("creator@example.org"), []account.NewUser{newUser("bob@example.org"), invited})
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 2 || !made[1].Active {
		t.Fatalf("created %+v", made)
	}
	if _, err := f.try("ann@example.org", "", home); account.ErrorCode(err) != account.CodeInvalidCredentials {
		t.Errorf("without a password: %v", err)
	}
	if err := f.retrieve(tokenIn(f.claim()), next); err != nil {
		t.Fatal(err)
	}
	f.signIn("ann@example.org", next)
	if more := f.claim(); more != nil {
		t.Errorf("another message: %+v", more)
	}

	for name, change := range map[string]func(*account.NewUser){
		"/0/password": func(u *account.NewUser) { u.Password = secret.New(next) },
		"/0/active":   func(u *account.NewUser) { u.Active = false },
	} {
		u := invited
		u.Email = "eve@example.org"
		change(&u)
		_, err := f.CreateUsers(t.Context(), f.as(adminEmail), []account.NewUser{u})
		wantPaths(t, err, account.CodeInvalid, name)
	}
}
