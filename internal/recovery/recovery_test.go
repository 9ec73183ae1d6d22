package recovery_test

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
	"github.com/seed-3a99a2fe/usher/internal/service/servicetest"
)

func TestRecovery(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	session, bystander := f.NewSession("ann@example.org"), f.NewSession(servicetest.AdminEmail)
	other := f.RecoveryToken("ann@example.org")
	f.LockOut("ann@example.org")
	token := f.RecoveryToken("Ann@Example.org")
	if err := f.RecoverWith(token, servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	if !f.IsRevoked(session) || f.IsRevoked(bystander) {
		t.Error("a recovery must revoke the sessions of its user and no others")
	}
	if !slices.Equal(f.PasswordChanges(), []int64{id}) {
		t.Errorf("PasswordChanged was called for %v, want user %d", f.PasswordChanges(), id)
	}
	if f.StoredUser(id).LockedOut {
		t.Error("the recovery did not end the lock")
	}
	for _, used := range []string{token, other} {
		servicetest.WantPaths(t, f.RecoverWith(used, "Another-Word-4"), account.CodeInvalidRecoveryToken, "/token")
	}
	f.LockOut("ann@example.org")
	if _, err := f.SignInFrom("ann@example.org", servicetest.NextPassword, "203.0.113.7"); err != nil {
		t.Errorf("the network of the recovery is not known: %v", err)
	}
	f.WantNotStored(token, token[4:], other, servicetest.NextPassword, "readable in plain text")
}

// ForgottenPassword returns the same result and makes the same database calls for every
// address.
func TestForgottenPasswordIsIndistinguishable(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.StoreUser(account.User{Email: "inactive@example.org", RoleIDs: access.DefaultRoles})
	f.StoreUser(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP,
		RoleIDs: access.DefaultRoles})
	for _, email := range []string{
		"nobody@example.org", "inactive@example.org", "ldap@example.org", "Ann@example.org", "ann@localhost",
	} {
		calls := f.Store.CallsDuring(func() { f.RequestRecovery(email) })
		if calls["InsertMail"] != 1 || calls["Write"] != 1 || calls["CredentialByEmail"] != 0 {
			t.Errorf("%s: the store calls are %v", email, calls)
		}
		mails := servicetest.Must(f.Store.Mails(t.Context(), 1))
		if m := mails[0]; m.Address != email || m.State != account.MailRequested || m.ClientNetwork != servicetest.Home ||
			m.UserID != 0 {
			t.Errorf("%s: the row is %+v", email, m)
		}
	}
	select {
	case <-f.MailQueued():
	default:
		t.Error("the worker was not woken")
	}
	d := f.ClaimNext()
	if d == nil || d.Message.To != "ann@example.org" {
		t.Fatalf("the message is %+v, want one to the stored address", d)
	}
	if second := f.ClaimNext(); second != nil {
		t.Errorf("there is a second message: %+v", second)
	}
	mails := servicetest.Must(f.Store.Mails(t.Context(), 10))
	if len(mails) != 1 || mails[0].Address != "" {
		t.Errorf("the outbox is %+v, want one message, without the address as typed", mails)
	}
}

func TestForgottenPasswordNeedsAnAddress(t *testing.T) {
	f := servicetest.New(t)
	calls := f.Store.CallsDuring(func() {
		for _, email := range []string{
			"", "ann", "ann@", "@example.org", "ann@example.org\nBcc: x@example.org", "ann@example.org\x00",
		} {
			err := f.ForgottenPassword(t.Context(), email, account.Origin{ClientNetwork: servicetest.Home})
			servicetest.WantPaths(t, err, account.CodeInvalid, "/email")
		}
	})
	if len(calls) > 0 {
		t.Errorf("the store calls are %v, want none", calls)
	}
}

func TestThreeMailsAnHour(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	f.AddUser("bob@example.org")
	for range 3 {
		f.RecoveryToken("ann@example.org")
		f.Clock.Advance(time.Minute)
	}
	f.RequestRecovery("ann@example.org")
	if d := f.ClaimNext(); d != nil {
		t.Fatal("there is a fourth message in an hour")
	}
	f.RecoveryToken("bob@example.org")
	f.Clock.Advance(57*time.Minute - time.Microsecond)
	f.RequestRecovery("ann@example.org")
	if d := f.ClaimNext(); d != nil {
		t.Fatal("there is a fourth message just before the hour")
	}
	f.Clock.Advance(time.Microsecond)
	f.RecoveryToken("ann@example.org")
}

func TestTwentyRequestsAnHour(t *testing.T) {
	f := servicetest.New(t)
	for range 20 {
		f.RequestRecovery("nobody@example.org")
	}
	f.Clock.Advance(time.Minute)
	err := f.ForgottenPassword(t.Context(), "other@example.org", account.Origin{ClientNetwork: servicetest.Home})
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if got := servicetest.AsError(t, err).RetryAfter; got != 59*time.Minute {
		t.Errorf("RetryAfter = %v, want 59m", got)
	}
	elsewhere := account.Origin{ClientNetwork: servicetest.ClientNetwork(1)}
	if err := f.ForgottenPassword(t.Context(), "other@example.org", elsewhere); err != nil {
		t.Errorf("request from another network: %v", err)
	}
	if n := len(servicetest.Must(f.Store.Mails(t.Context(), 100))); n != 21 {
		t.Errorf("the outbox has %d rows, want 21", n)
	}
	f.Clock.Advance(59 * time.Minute)
	f.RequestRecovery("other@example.org")
}

// The limit of client networks doesn't apply to one that the operator has exempted.
func TestExemptNetworkIsNotLimited(t *testing.T) {
	f := servicetest.New(t)
	s := f.With(func(o *service.Options) {
		o.ExemptNetworks = []netip.Prefix{netip.MustParsePrefix("198.51.100.7/32")}
	})
	for network, want := range map[string]account.Code{
		"198.51.100.7": "", "198.51.100.8": account.CodeTooManyRequests,
	} {
		from := account.Origin{ClientNetwork: network}
		for range 20 {
			servicetest.WantCode(t, s.ForgottenPassword(t.Context(), "nobody@example.org", from), "")
			_, err := s.SignIn(t.Context(), "nobody@example.org", secret.New(servicetest.Password), from)
			servicetest.WantCode(t, err, account.CodeInvalidCredentials)
		}
		servicetest.WantCode(t, s.ForgottenPassword(t.Context(), "nobody@example.org", from), want)
		if want == "" {
			want = account.CodeInvalidRecoveryToken
		}
		err := s.RetrievePassword(t.Context(), secret.New("usr_rubbish"), secret.New(servicetest.NextPassword), from)
		servicetest.WantCode(t, err, want)
	}
}

func TestRecoveryExpires(t *testing.T) {
	for wait, want := range map[time.Duration]account.Code{
		30*time.Minute - time.Microsecond: "",
		30 * time.Minute:                  account.CodeInvalidRecoveryToken,
	} {
		f := servicetest.New(t)
		f.AddUser("ann@example.org")
		token := f.RecoveryToken("ann@example.org")
		f.Clock.Advance(wait)
		servicetest.WantCode(t, f.RecoverWith(token, servicetest.NextPassword), want)
	}
}

func TestRecoveryIsUsedOnce(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	for range 3 {
		token := f.RecoveryToken("ann@example.org")
		passwords := []string{"First-Of-Two-1", "Second-Of-Two-2"}
		errs := servicetest.Parallel(2, func(i int) error {
			return f.RecoverFrom(servicetest.ClientNetwork(i), token, passwords[i])
		})
		if count := servicetest.CountCodes(errs); count[""] != 1 || count[account.CodeInvalidRecoveryToken] != 1 {
			t.Fatalf("the outcomes are %v, want one success", errs)
		}
		winner := slices.Index(errs, nil)
		f.NewSessionWith("ann@example.org", passwords[winner])
	}
}

func TestThreeLiveTokens(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	var tokens []string
	for range 3 {
		tokens = append(tokens, f.RecoveryToken("ann@example.org"))
	}
	// The limit counts stored messages: once they are deleted, the user may get a fourth
	// token.
	f.WriteStore(func(ctx context.Context, tx *account.Tx) error {
		for _, m := range servicetest.Must(tx.Mails(ctx, 3)) {
			if err := tx.DeleteMail(ctx, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
	f.RequestRecovery("ann@example.org")
	if f.ClaimNext() == nil {
		t.Fatal("there is no fourth message")
	}
	servicetest.WantCode(t, f.RecoverWith(tokens[0], servicetest.NextPassword), account.CodeInvalidRecoveryToken)
	if err := f.RecoverWith(tokens[1], servicetest.NextPassword); err != nil {
		t.Errorf("use the third newest token: %v", err)
	}
}

func TestTokensAreRevoked(t *testing.T) {
	t.Parallel()
	revocations := map[string]func(f *servicetest.Fixture, id int64) error{
		"password change": func(f *servicetest.Fixture, id int64) error {
			return f.ChangeOwnPassword(f.As("ann@example.org"), servicetest.Password, "Another-Word-4")
		},
		"password reset": func(f *servicetest.Fixture, id int64) error {
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Password: new(secret.New("Another-Word-4"))})
		},
		"e-mail change": func(f *servicetest.Fixture, id int64) error {
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Email: new("anna@example.org")})
		},
		"deactivation": func(f *servicetest.Fixture, id int64) error {
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(false)})
		},
		"deactivation and back": func(f *servicetest.Fixture, id int64) error {
			if err := f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(false)}); err != nil {
				return err
			}
			return f.UpdateUserAsAdmin(id, account.UserUpdate{Active: new(true)})
		},
		"deletion": func(f *servicetest.Fixture, id int64) error {
			return f.DeleteUser(f.T.Context(), f.Admin(), id)
		},
		"emergency reset": func(f *servicetest.Fixture, id int64) error {
			return f.EmergencyReset(f.T.Context(), "ann@example.org", secret.New("Another-Word-4"))
		},
		"emergency end of sessions": func(f *servicetest.Fixture, id int64) error {
			return f.EmergencyEndSessions(f.T.Context(), "ann@example.org")
		},
	}
	for name, revoke := range revocations {
		t.Run(name, func(t *testing.T) {
			f := servicetest.New(t)
			id := f.AddUser("ann@example.org")
			token := f.RecoveryToken("ann@example.org")
			if err := revoke(f, id); err != nil {
				t.Fatal(err)
			}
			servicetest.WantCode(t, f.RecoverWith(token, servicetest.NextPassword), account.CodeInvalidRecoveryToken)
		})
	}
	t.Run("not by a new name", func(t *testing.T) {
		f := servicetest.New(t)
		id := f.AddUser("ann@example.org")
		token := f.RecoveryToken("ann@example.org")
		if err := f.UpdateUserAsAdmin(id, account.UserUpdate{
			ProfileUpdate: account.ProfileUpdate{Name: new("Anna")}, Email: new("ann@example.org"),
		}); err != nil {
			t.Fatal(err)
		}
		if err := f.RecoverWith(token, servicetest.NextPassword); err != nil {
			t.Error(err)
		}
	})
}

// An invalid recovery token counts as a failed sign-in from the client network.
func TestGuessedTokensCount(t *testing.T) {
	f := servicetest.New(t)
	f.AddUser("ann@example.org")
	token := f.RecoveryToken("ann@example.org")
	servicetest.WantPaths(t, f.RecoverFrom(servicetest.Home, token, "weak"), account.CodeInvalid, "/newPassword")
	hashed := f.Pool.HashCount()
	for i := range 20 {
		guess := []string{"", "usr_rubbish", token + "x", "uss_" + token[4:]}[i%4]
		servicetest.WantCode(t, f.RecoverFrom(servicetest.Home, guess, servicetest.NextPassword),
			account.CodeInvalidRecoveryToken)
	}
	servicetest.WantCode(t, f.RecoverFrom(servicetest.Home, token, servicetest.NextPassword), account.CodeTooManyRequests)
	if f.Pool.HashCount() != hashed {
		t.Error("refused requests hashed passwords")
	}
	_, err := f.SignInFrom(servicetest.AdminEmail, servicetest.Password, servicetest.Home)
	servicetest.WantCode(t, err, account.CodeTooManyRequests)
	if err := f.RecoverWith(token, servicetest.NextPassword); err != nil {
		t.Errorf("recover from another network: %v", err)
	}
}

// RetrievePassword clears NeedPasswordReset. It neither activates the user nor signs them
// in.
func TestRecoveryEndsNeedPasswordReset(t *testing.T) {
	f := servicetest.New(t)
	id := f.AddUser("ann@example.org")
	if err := f.UpdateUserAsAdmin(id, account.UserUpdate{Password: new(secret.New("Another-Word-4"))}); err != nil {
		t.Fatal(err)
	}
	if err := f.RecoverWith(f.RecoveryToken("ann@example.org"), servicetest.NextPassword); err != nil {
		t.Fatal(err)
	}
	if f.StoredUser(id).NeedPasswordReset {
		t.Error("NeedPasswordReset is set after the recovery")
	}
}

func TestRecoveryLink(t *testing.T) {
	for public, want := range map[string]string{
		"https://accounts.example.org":       "https://accounts.example.org/reset-password?token=",
		"https://accounts.example.org/base/": "https://accounts.example.org/base/reset-password?token=",
		"":                                   "",
	} {
		f := servicetest.New(t)
		f.Service = f.With(func(o *service.Options) {
			if o.PublicURL = nil; public != "" {
				o.PublicURL = servicetest.Must(url.Parse(public))
			}
		})
		f.AddUser("ann@example.org")
		f.RequestRecovery("ann@example.org")
		d := f.ClaimNext()
		if want != "" {
			want += servicetest.TokenIn(d)
		}
		_, link, _ := strings.Cut(d.Message.Text, "\nlink ")
		link, _, _ = strings.Cut(link, "\n")
		if link != want {
			t.Errorf("with public URL %q the link is %q, want %q", public, link, want)
		}
		if strings.Count(d.Message.ID, "@") != 1 || strings.ContainsAny(d.Message.ID, "<> ") ||
			!d.Message.Date.Equal(f.Clock.Now()) {
			t.Errorf("the message has id %q and date %v", d.Message.ID, d.Message.Date)
		}
	}
}
