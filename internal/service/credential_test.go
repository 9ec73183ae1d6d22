package service_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// change has a caller change his password from home.
func (f *fixture) change(caller *account.Principal, current, to string) error {
	return f.ChangePassword(f.t.Context(), caller, secret.New(current), secret.New(to), account.Origin{ClientNetwork: home})
}

func TestChangePassword(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	this, other := f.signIn("ann@example.org", password), f.signIn("ann@example.org", password)
	bystander := f.signIn(adminEmail, password)
	recovery := f.recoveryToken("ann@example.org")
	if err := f.change(f.principal(this), password, next); err != nil {
		t.Fatal(err)
	}
	if f.over(this) || !f.over(other) || f.over(bystander) {
		t.Error("it must end the other sessions of this user, and them alone")
	}
	if !slices.Equal(f.changed.ids, []int64{id}) {
		t.Errorf("the change was told of %v", f.changed.ids)
	}
	wantCode(t, f.retrieve(recovery, "Another-Word-4"), account.CodeInvalidRecoveryToken)
	_, err := f.try("ann@example.org", password, home)
	wantCode(t, err, account.CodeInvalidCredentials)
	f.signIn("ann@example.org", next)
	f.wantUnwritten(password, next)
}

func TestChangePasswordRefuses(t *testing.T) {
	f := newFixture(t)
	caller := f.as(adminEmail)
	tests := []struct {
		name, current, next string
		code                account.Code
		path                string
	}{
		{"wrong current", wrong, next, account.CodeWrongPassword, "/oldPassword"},
		{"empty current", "", next, account.CodeWrongPassword, "/oldPassword"},
		{"long current", strings.Repeat("x", 1025), next, account.CodeInvalid, "/oldPassword"},
		{"weak", password, "short", account.CodeInvalid, "/newPassword"},
		{"the same", password, password, account.CodeInvalid, "/newPassword"},
		{"the same in another form", norm.NFC.String("Crème-Brûlée-1"), norm.NFD.String("Crème-Brûlée-1"), account.CodeInvalid, "/newPassword"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantPaths(t, f.change(caller, test.current, test.next), test.code, test.path)
		})
	}
	if len(f.changed.ids) > 0 {
		t.Errorf("a change was told of %v", f.changed.ids)
	}
	f.signIn(adminEmail, password)
}

// Whoever holds a stolen token must not guess with it: wrong passwords count as
// failed sign-ins, and the fifth ends the session.
func TestWrongCurrentPasswords(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	in := f.signIn("ann@example.org", password)
	caller := f.principal(in)
	for range 3 {
		wantCode(t, f.change(caller, wrong, next), account.CodeWrongPassword)
	}
	_, err := f.try("ann@example.org", password, home)
	wantCode(t, err, account.CodeInvalidCredentials)                         // locked
	wantCode(t, f.change(caller, password, next), account.CodeWrongPassword) // and so here
	if f.over(in) {
		t.Fatal("the fourth wrong password ended the session")
	}
	wantCode(t, f.change(caller, wrong, next), account.CodeWrongPassword)
	if !f.over(in) {
		t.Error("the fifth wrong password did not end the session")
	}
	wantCode(t, f.change(caller, wrong, next), account.CodeUnauthorized)
}

func TestRightPasswordInASessionThatIsOver(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	caller := f.as("ann@example.org")
	if err := f.SignOut(t.Context(), caller); err != nil {
		t.Fatal(err)
	}
	wantCode(t, f.change(caller, password, next), account.CodeUnauthorized)
	f.signIn("ann@example.org", password)
}

func TestParallelWrongCurrentPasswords(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	caller := f.as("ann@example.org")
	errs := parallel(12, func(int) error { return f.change(caller, wrong, next) })
	count := codes(errs)
	if count[account.CodeWrongPassword] != 5 || count[account.CodeUnauthorized] != 7 {
		t.Errorf("the outcomes are %v, want five wrong passwords and no session after", count)
	}
	_ = id
}

func TestChangeClearsNeedPasswordReset(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	if _, err := f.UpdateUser(t.Context(), f.as(adminEmail), id, account.UserUpdate{Password: ptr(secret.New(next))}); err != nil {
		t.Fatal(err)
	}
	in := f.signIn("ann@example.org", next)
	if !in.NeedPasswordReset || !f.principal(in).User.NeedPasswordReset {
		t.Fatal("a reset by an administrator does not ask for a new password")
	}
	if err := f.change(f.principal(in), next, password); err != nil {
		t.Fatal(err)
	}
	if f.principal(in).User.NeedPasswordReset || f.signIn("ann@example.org", password).NeedPasswordReset {
		t.Error("after the change it still asks for one")
	}
}
