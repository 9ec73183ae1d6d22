package recovery_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

// addUserWithoutPassword stores an active local user who has no password.
func addUserWithoutPassword(f *servicetest.Fixture, email string) (id int64) {
	f.T.Helper()
	f.WriteStore(func(ctx context.Context, tx *account.Tx) (err error) {
		key, _ := account.ParseEmail(email)
		id, err = tx.InsertUser(ctx, account.User{
			Email:    email,
			Profile:  account.Profile{Name: "New"},
			Provider: account.ProviderLocal, Identifier: email, Active: true,
			EULAVersion: account.NoEULA, RoleIDs: access.DefaultRoles,
		}, key, "", f.Clock.Now())
		return err
	})
	return id
}

func TestInvitation(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	_, err := f.SignInFrom("ann@example.org", "", servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if err := f.InviteUser(t.Context(), f.Admin(), id); err != nil {
		t.Fatal(err)
	}
	d := f.ClaimNext()
	if d == nil || d.Message.To != "ann@example.org" || d.Message.Subject != "invitation for New" {
		t.Fatalf("the message is %+v", d)
	}
	f.Clock.Advance(7*24*time.Hour - time.Microsecond)
	if err := f.RecoverWith(servicetest.TokenIn(d), servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	if in := f.NewSessionWith("ann@example.org", servicetest.NextPassword); in.NeedPasswordReset {
		t.Error("NeedPasswordReset is set after the user has chosen a password")
	}
	servicetest.WantCode(t, f.RecoverWith(servicetest.TokenIn(d), "Another-Word-4"), account.CodeInvalidRecoveryToken)
}

func TestInvitationExpires(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	if err := f.InviteUser(t.Context(), f.Admin(), id); err != nil {
		t.Fatal(err)
	}
	token := servicetest.TokenIn(f.ClaimNext())
	f.Clock.Advance(7 * 24 * time.Hour)
	servicetest.WantCode(t, f.RecoverWith(token, servicetest.NextPassword), account.CodeInvalidRecoveryToken)
}

// A user who was never invited and has no password can request a recovery message.
func TestForgottenPasswordWithoutOne(t *testing.T) {
	f := servicetest.New(t)
	addUserWithoutPassword(f, "ann@example.org")
	if err := f.RecoverWith(f.RecoveryToken("ann@example.org"), servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	f.NewSessionWith("ann@example.org", servicetest.NextPassword)
}

// A request for a recovery message does not revoke an invitation, because anyone can request a
// message for any address.
func TestRecoveriesLeaveInvitations(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	if err := f.InviteUser(t.Context(), f.Admin(), id); err != nil {
		t.Fatal(err)
	}
	invitation := servicetest.TokenIn(f.ClaimNext())
	var recovery string
	for range 3 {
		recovery = f.RecoveryToken("ann@example.org")
	}
	if err := f.RecoverWith(invitation, servicetest.NextPassword); err != nil {
		t.Errorf("use the invitation after three requests: %v", err)
	}
	servicetest.WantCode(t, f.RecoverWith(recovery, "Another-Word-4"), account.CodeInvalidRecoveryToken)
}

func TestInvitationsLeaveRecoveries(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	recovery := f.RecoveryToken("ann@example.org") // the oldest of as many as there may be
	for range 2 {
		f.RecoveryToken("ann@example.org")
	}
	admin := f.Admin()
	for range 3 {
		if err := f.InviteUser(t.Context(), admin, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.RecoverWith(recovery, servicetest.NextPassword); err != nil {
		t.Errorf("use the recovery token after three invitations: %v", err)
	}
	servicetest.WantCode(t, f.RecoverWith(servicetest.TokenIn(f.ClaimNext()), "Another-Word-4"),
		account.CodeInvalidRecoveryToken)
}

func TestThreeInvitationsAnHour(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	admin := f.Admin()
	for range 3 {
		if err := f.InviteUser(t.Context(), admin, id); err != nil {
			t.Fatal(err)
		}
	}
	servicetest.WantCode(t, f.InviteUser(t.Context(), admin, id), account.CodeTooManyRequests)
	f.Clock.Advance(time.Hour)
	if err := f.InviteUser(t.Context(), admin, id); err != nil {
		t.Error(err)
	}
}

func TestInvitationNeedsPermission(t *testing.T) {
	f := servicetest.New(t)
	editor := f.AddRole(servicetest.Permissions("user:read", "user:edit-access")...)
	self := f.AddUser("editor@example.org", editor)
	caller := f.As("editor@example.org")
	for name, test := range map[string]struct {
		id   int64
		want account.Code
	}{
		"own user":      {self, account.CodeUsePasswordChange},
		"absent":        {999, account.CodeNotFound},
		"administrator": {1, account.CodeForbidden},
		"inactive": {f.StoreUser(account.User{Email: "inactive@example.org", RoleIDs: []int64{f.AddRole()}}),
			account.CodeInactiveUser},
		"ldap": {f.StoreUser(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP,
			RoleIDs: []int64{f.AddRole()}}), account.CodeNotLocalUser},
		"fine": {f.AddUser("fine@example.org", f.AddRole()), ""},
	} {
		if got := account.ErrorCode(f.InviteUser(t.Context(), caller, test.id)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	if n := len(servicetest.Must(f.Store.Mails(t.Context(), 10))); n != 1 {
		t.Errorf("the outbox has %d messages, want 1", n)
	}
}

// A user with role 1 but without a password does not count as an administrator.
func TestAdministratorWithoutPassword(t *testing.T) {
	f := servicetest.New(t)
	id := addUserWithoutPassword(f, "ann@example.org")
	if _, err := f.SetUserRoles(t.Context(), f.Admin(), id, []int64{1}); err != nil {
		t.Fatal(err)
	}
	_, err := f.SetUserRoles(t.Context(), f.Admin(), 1, []int64{2})
	servicetest.WantCode(t, err, account.CodeLastAdministrator)
}

// CreateUsers with an invitation creates a user without a password.
func TestInvitedAtCreation(t *testing.T) {
	f := servicetest.New(t)
	creator := f.AddRole(servicetest.Permissions("user:read", "user:create")...)
	f.AddUser("creator@example.org", creator)
	invited := account.NewUser{Profile: account.Profile{Name: "Ann"}, Email: "ann@example.org", Active: true, Invite: true}
	created, err := f.CreateUsers(t.Context(), f.As("creator@example.org"),
		[]account.NewUser{servicetest.NewUser("bob@example.org"), invited})
	if err != nil {
		t.Fatal(err)
	}
	if len(created) != 2 || !created[1].Active {
		t.Fatalf("created %+v", created)
	}
	if roles := f.StoredUser(created[1].ID).RoleIDs; !slices.Equal(roles, access.DefaultRoles) {
		t.Errorf("the roles are %v", roles)
	}
	_, err = f.SignInFrom("ann@example.org", "", servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	if err := f.RecoverWith(servicetest.TokenIn(f.ClaimNext()), servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	f.NewSessionWith("ann@example.org", servicetest.NextPassword)
	if notice := f.ClaimNext(); notice == nil || notice.Message.Subject != "password-changed for Ann" {
		t.Errorf("the next message is %+v", notice)
	}
	if more := f.ClaimNext(); more != nil {
		t.Errorf("there is another message: %+v", more)
	}

	for name, change := range map[string]func(*account.NewUser){
		"/0/password": func(u *account.NewUser) { u.Password = secret.New(servicetest.NextPassword) },
		"/0/active":   func(u *account.NewUser) { u.Active = false },
	} {
		u := invited
		u.Email = "eve@example.org"
		change(&u)
		_, err := f.CreateUsers(t.Context(), f.Admin(), []account.NewUser{u})
		servicetest.WantPaths(t, err, account.CodeInvalid, name)
	}
}
