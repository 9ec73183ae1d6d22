package auth_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestChangePassword(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	this, other := f.NewSession("ann@example.org"), f.NewSession("ann@example.org")
	bystander := f.NewSession(servicetest.AdminEmail)
	recovery := f.RecoveryToken("ann@example.org")
	if err := f.ChangeOwnPassword(f.PrincipalOf(this), servicetest.Password, servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	if f.IsRevoked(this) || !f.IsRevoked(other) || f.IsRevoked(bystander) {
		t.Error("a password change must end the user's other sessions and no more")
	}
	if !slices.Equal(f.PasswordChanges(), []int64{id}) {
		t.Errorf("PasswordChanged was called for %v, want user %d", f.PasswordChanges(), id)
	}
	servicetest.WantCode(t, f.RecoverWith(recovery, "Another-Word-4"), account.CodeInvalidRecoveryToken)
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	f.NewSessionWith("ann@example.org", servicetest.NextPassword)
	f.WantNotStored(servicetest.Password, servicetest.NextPassword)
}

func TestChangePasswordRefuses(t *testing.T) {
	f := servicetest.New(t)
	caller := f.Admin()
	tests := []struct {
		name, current, next string
		code                account.Code
		path                string
	}{
		{"wrong current", servicetest.WrongPassword, servicetest.NextPassword, account.CodeWrongPassword, "/oldPassword"},
		{"empty current", "", servicetest.NextPassword, account.CodeWrongPassword, "/oldPassword"},
		{"long current", strings.Repeat("x", 1025), servicetest.NextPassword, account.CodeInvalid, "/oldPassword"},
		{"weak", servicetest.Password, "short", account.CodeInvalid, "/newPassword"},
		{"unchanged", servicetest.Password, servicetest.Password, account.CodeInvalid, "/newPassword"},
		{"unchanged in another Unicode form", norm.NFC.String("Crème-Brûlée-1"), norm.NFD.String("Crème-Brûlée-1"),
			account.CodeInvalid, "/newPassword"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			servicetest.WantPaths(t, f.ChangeOwnPassword(caller, test.current, test.next), test.code, test.path)
		})
	}
	if len(f.PasswordChanges()) > 0 {
		t.Errorf("PasswordChanged was called for %v, want no call", f.PasswordChanges())
	}
	f.NewSession(servicetest.AdminEmail)
}

// Somebody with a stolen token must not be able to guess the password. So wrong current
// passwords count as failed sign-ins, and the fifth ends the session.
func TestWrongCurrentPasswords(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	in := f.NewSession("ann@example.org")
	caller := f.PrincipalOf(in)
	for range 3 {
		servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword),
			account.CodeWrongPassword)
	}
	// The account is now locked, both for sign-ins and for password changes.
	_, err := f.SignInFrom("ann@example.org", servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeInvalidCredentials)
	servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.Password, servicetest.NextPassword),
		account.CodeWrongPassword)
	if f.IsRevoked(in) {
		t.Fatal("the fourth wrong password ended the session")
	}
	servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword),
		account.CodeWrongPassword)
	if !f.IsRevoked(in) {
		t.Error("the fifth wrong password did not end the session")
	}
	servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword),
		account.CodeUnauthorized)
}

func TestCorrectPasswordInRevokedSession(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	caller := f.As("ann@example.org")
	if err := f.SignOut(t.Context(), caller); err != nil {
		t.Fatal(err)
	}
	servicetest.WantCode(t, f.ChangeOwnPassword(caller, servicetest.Password, servicetest.NextPassword),
		account.CodeUnauthorized)
	f.NewSession("ann@example.org")
}

func TestParallelWrongCurrentPasswords(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	caller := f.As("ann@example.org")
	errs := servicetest.Parallel(12, func(int) error {
		return f.ChangeOwnPassword(caller, servicetest.WrongPassword, servicetest.NextPassword)
	})
	count := servicetest.CountCodes(errs)
	if count[account.CodeWrongPassword] != 5 || count[account.CodeUnauthorized] != 7 {
		t.Errorf("the outcomes are %v, want five wrong passwords and then no session", count)
	}
}

func TestChangeClearsNeedPasswordReset(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	if _, err := f.UpdateUser(t.Context(), f.Admin(), id,
		account.UserUpdate{Password: new(secret.New(servicetest.NextPassword))}); err != nil {
		t.Fatal(err)
	}
	in := f.NewSessionWith("ann@example.org", servicetest.NextPassword)
	if !in.NeedPasswordReset || !f.PrincipalOf(in).User.NeedPasswordReset {
		t.Fatal("a reset by an administrator does not set NeedPasswordReset")
	}
	if err := f.ChangeOwnPassword(f.PrincipalOf(in), servicetest.NextPassword, servicetest.Password); err != nil {
		t.Fatal(err)
	}
	if f.PrincipalOf(in).User.NeedPasswordReset ||
		f.NewSession("ann@example.org").NeedPasswordReset {
		t.Error("NeedPasswordReset is set after the change")
	}
}
