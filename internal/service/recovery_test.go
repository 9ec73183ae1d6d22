package service_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3a99a2fe/usher/internal/access"
	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/secret"
	"github.com/seed-3a99a2fe/usher/internal/service"
)

// ask asks for a recovery message from home.
func (f *fixture) ask(email string) {
	f.t.Helper()
	if err := f.ForgottenPassword(f.t.Context(), email, account.Origin{ClientNetwork: home}); err != nil {
		f.t.Fatal(err)
	}
}

// claim returns the next message that is due; nil if none is.
func (f *fixture) claim() *account.Delivery {
	f.t.Helper()
	d, err := f.ClaimMail(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// recoveryToken asks for a recovery message, delivers it and reads the token out.
func (f *fixture) recoveryToken(email string) string {
	f.t.Helper()
	f.ask(email)
	d := f.claim()
	if d == nil {
		f.t.Fatalf("there is no message for %s", email)
	}
	if err := f.MailDelivered(f.t.Context(), d); err != nil {
		f.t.Fatal(err)
	}
	return tokenIn(d)
}

// tokenIn reads the token out of a message.
func tokenIn(d *account.Delivery) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(d.Message.Text, "token "), "\n")
	return text
}

// retrieve sets a password by a token, from a source of its own.
func (f *fixture) retrieve(token, password string) error {
	return f.retrieveFrom("203.0.113.7", token, password)
}

func (f *fixture) retrieveFrom(source, token, password string) error {
	return f.RetrievePassword(f.t.Context(), secret.New(token), secret.New(password), account.Origin{ClientNetwork: source})
}

func TestRecovery(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	session, bystander := f.signIn("ann@example.org", password), f.signIn(adminEmail, password)
	other := f.recoveryToken("ann@example.org")
	f.lock("ann@example.org")
	token := f.recoveryToken("Ann@Example.org")
	if err := f.retrieve(token, next); err != nil {
		t.Fatal(err)
	}
	if !f.over(session) || f.over(bystander) {
		t.Error("it must end the sessions of this user, and them alone")
	}
	if !slices.Equal(f.changed.ids, []int64{id}) {
		t.Errorf("the change was told of %v", f.changed.ids)
	}
	if f.find(id).LockedOut {
		t.Error("it did not end the lock")
	}
	for _, used := range []string{token, other} {
		wantPaths(t, f.retrieve(used, "Another-Word-4"), account.CodeInvalidRecoveryToken, "/token")
	}
	f.lock("ann@example.org")
	if _, err := f.try("ann@example.org", next, "203.0.113.7"); err != nil {
		t.Errorf("the source of the recovery is not known: %v", err)
	}
	f.wantUnwritten(token, token[4:], other, next, "readable in clear")
}

// The answer to a request is the same for everybody, and so is its work.
func TestForgottenPasswordIsAlike(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.insert(account.User{Email: "inactive@example.org", RoleIDs: access.DefaultRoles})
	f.insert(account.User{Email: "ldap@example.org", Active: true, Provider: account.ProviderLDAP, RoleIDs: access.DefaultRoles})
	for _, email := range []string{"nobody@example.org", "inactive@example.org", "ldap@example.org", "Ann@example.org", "ann@localhost"} {
		calls := f.store.during(func() { f.ask(email) })
		if calls["InsertMail"] != 1 || calls["Write"] != 1 || calls["CredentialByEmail"] != 0 {
			t.Errorf("%s: it asked the store for %v", email, calls)
		}
		mails := must(f.store.Mails(t.Context(), 1))
		if m := mails[0]; m.Address != email || m.State != account.MailRequested || m.ClientNetwork != home || m.UserID != 0 {
			t.Errorf("%s: the row is %+v", email, m)
		}
	}
	select {
	case <-f.MailQueued():
	default:
		t.Error("the worker was not woken")
	}
	d := f.claim()
	if d == nil || d.Message.To != "ann@example.org" {
		t.Fatalf("the message is %+v, want one to the stored address", d)
	}
	if again := f.claim(); again != nil {
		t.Errorf("there is a second message: %+v", again)
	}
	mails := must(f.store.Mails(t.Context(), 10))
	if len(mails) != 1 || mails[0].Address != "" {
		t.Errorf("the outbox is %+v, want the one message, without the address as typed", mails)
	}
}

func TestForgottenPasswordNeedsAnAddress(t *testing.T) {
	f := newFixture(t)
	calls := f.store.during(func() {
		for _, email := range []string{"", "ann", "ann@", "@example.org", "ann@example.org\nBcc: x@example.org", "ann@example.org\x00"} {
			err := f.ForgottenPassword(t.Context(), email, account.Origin{ClientNetwork: home})
			wantPaths(t, err, account.CodeInvalid, "/email")
		}
	})
	if len(calls) > 0 {
		t.Errorf("it asked the store for %v", calls)
	}
}

func TestThreeMailsAnHour(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	f.user("bob@example.org")
	for range 3 {
		f.recoveryToken("ann@example.org")
		f.clock.advance(time.Minute)
	}
	f.ask("ann@example.org")
	if d := f.claim(); d != nil {
		t.Fatal("there is a fourth message in an hour")
	}
	f.recoveryToken("bob@example.org")
	f.clock.advance(57*time.Minute - time.Microsecond)
	f.ask("ann@example.org")
	if d := f.claim(); d != nil {
		t.Fatal("there is a fourth message just before the hour")
	}
	f.clock.advance(time.Microsecond)
	f.recoveryToken("ann@example.org")
}

func TestTwentyRequestsAnHour(t *testing.T) {
	f := newFixture(t)
	for range 20 {
		f.ask("nobody@example.org")
	}
	f.clock.advance(time.Minute)
	err := f.ForgottenPassword(t.Context(), "other@example.org", account.Origin{ClientNetwork: home})
	wantCode(t, err, account.CodeTooManyRequests)
	if got := asError(t, err).RetryAfter; got != 59*time.Minute {
		t.Errorf("RetryAfter = %v, want 59m", got)
	}
	if err := f.ForgottenPassword(t.Context(), "other@example.org", account.Origin{ClientNetwork: source(1)}); err != nil {
		t.Errorf("another source: %v", err)
	}
	if n := len(must(f.store.Mails(t.Context(), 100))); n != 21 {
		t.Errorf("the outbox has %d rows, want 21", n)
	}
	f.clock.advance(59 * time.Minute)
	f.ask("other@example.org")
}

func TestRecoveryExpires(t *testing.T) {
	for wait, want := range map[time.Duration]account.Code{
		30*time.Minute - time.Microsecond: "",
		30 * time.Minute:                  account.CodeInvalidRecoveryToken,
	} {
		f := newFixture(t)
		f.user("ann@example.org")
		token := f.recoveryToken("ann@example.org")
		f.clock.advance(wait)
		wantCode(t, f.retrieve(token, next), want)
	}
}

func TestRecoveryIsUsedOnce(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	for range 3 {
		token := f.recoveryToken("ann@example.org")
		passwords := []string{"First-Of-Two-1", "Second-Of-Two-2"}
		errs := parallel(2, func(i int) error { return f.retrieveFrom(source(i), token, passwords[i]) })
		if count := codes(errs); count[""] != 1 || count[account.CodeInvalidRecoveryToken] != 1 {
			t.Fatalf("the outcomes are %v, want one of two to win", errs)
		}
		winner := slices.Index(errs, nil)
		f.signIn("ann@example.org", passwords[winner])
	}
}

func TestThreeLiveTokens(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	var tokens []string
	for range 3 {
		tokens = append(tokens, f.recoveryToken("ann@example.org"))
	}
	// The limit of messages an hour would keep a fourth token from being made.
	f.write(func(ctx context.Context, tx account.Tx) error {
		for _, m := range must(tx.Mails(ctx, 3)) {
			if err := tx.DeleteMail(ctx, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
	f.ask("ann@example.org")
	if f.claim() == nil {
		t.Fatal("there is no fourth message")
	}
	wantCode(t, f.retrieve(tokens[0], next), account.CodeInvalidRecoveryToken)
	if err := f.retrieve(tokens[1], next); err != nil {
		t.Errorf("the third newest token: %v", err)
	}
}

func TestWhatKillsTokens(t *testing.T) {
	t.Parallel()
	kill := map[string]func(f *fixture, id int64) error{
		"password change": func(f *fixture, id int64) error {
			return f.change(f.as("ann@example.org"), password, "Another-Word-4")
		},
		"password reset": func(f *fixture, id int64) error {
			return f.update(id, account.UserUpdate{Password: ptr(secret.New("Another-Word-4"))})
		},
		"e-mail change": func(f *fixture, id int64) error {
			return f.update(id, account.UserUpdate{Email: ptr("anna@example.org")})
		},
		"deactivation": func(f *fixture, id int64) error {
			return f.update(id, account.UserUpdate{Active: ptr(false)})
		},
		"deactivation and back": func(f *fixture, id int64) error {
			if err := f.update(id, account.UserUpdate{Active: ptr(false)}); err != nil {
				return err
			}
			return f.update(id, account.UserUpdate{Active: ptr(true)})
		},
		"deletion": func(f *fixture, id int64) error {
			return f.DeleteUser(f.t.Context(), f.as(adminEmail), id)
		},
		"emergency reset": func(f *fixture, id int64) error {
			return f.EmergencyReset(f.t.Context(), "ann@example.org", secret.New("Another-Word-4"))
		},
		"emergency end of sessions": func(f *fixture, id int64) error {
			return f.EmergencyEndSessions(f.t.Context(), "ann@example.org")
		},
	}
	for name, kill := range kill {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.user("ann@example.org")
			token := f.recoveryToken("ann@example.org")
			if err := kill(f, id); err != nil {
				t.Fatal(err)
			}
			wantCode(t, f.retrieve(token, next), account.CodeInvalidRecoveryToken)
		})
	}
	t.Run("not a new name", func(t *testing.T) {
		f := newFixture(t)
		id := f.user("ann@example.org")
		token := f.recoveryToken("ann@example.org")
		if err := f.update(id, account.UserUpdate{Name: ptr("Anna"), Email: ptr("ann@example.org")}); err != nil {
			t.Fatal(err)
		}
		if err := f.retrieve(token, next); err != nil {
			t.Error(err)
		}
	})
}

// A guessed token counts as a failed sign-in of its source.
func TestGuessedTokensCount(t *testing.T) {
	f := newFixture(t)
	f.user("ann@example.org")
	token := f.recoveryToken("ann@example.org")
	wantPaths(t, f.retrieveFrom(home, token, "weak"), account.CodeInvalid, "/newPassword")
	hashed := f.pool.HashCount()
	for i := range 20 {
		guess := []string{"", "usr_rubbish", token + "x", "uss_" + token[4:]}[i%4]
		wantCode(t, f.retrieveFrom(home, guess, next), account.CodeInvalidRecoveryToken)
	}
	wantCode(t, f.retrieveFrom(home, token, next), account.CodeTooManyRequests)
	if f.pool.HashCount() != hashed {
		t.Error("it hashed passwords for nothing")
	}
	_, err := f.try(adminEmail, password, home)
	wantCode(t, err, account.CodeTooManyRequests)
	if err := f.retrieve(token, next); err != nil {
		t.Errorf("another source: %v", err)
	}
}

// A reset neither activates nor signs in, and ends a demand for a new password.
func TestRecoveryEndsNeedPasswordReset(t *testing.T) {
	f := newFixture(t)
	id := f.user("ann@example.org")
	if err := f.update(id, account.UserUpdate{Password: ptr(secret.New("Another-Word-4"))}); err != nil {
		t.Fatal(err)
	}
	if err := f.retrieve(f.recoveryToken("ann@example.org"), next); err != nil {
		t.Fatal(err)
	}
	if f.find(id).NeedPasswordReset {
		t.Error("the user has to change the password that he has just chosen")
	}
}

func TestRecoveryLink(t *testing.T) {
	for public, want := range map[string]string{
		"https://accounts.example.org":       "https://accounts.example.org/reset-password?token=",
		"https://accounts.example.org/base/": "https://accounts.example.org/base/reset-password?token=",
		"":                                   "",
	} {
		f := newFixture(t)
		f.Service = f.with(func(o *service.Options) {
			if o.PublicURL = nil; public != "" {
				o.PublicURL = must(url.Parse(public))
			}
		})
		f.user("ann@example.org")
		f.ask("ann@example.org")
		d := f.claim()
		if want != "" {
			want += tokenIn(d)
		}
		_, link, _ := strings.Cut(d.Message.Text, "\nlink ")
		link, _, _ = strings.Cut(link, "\n")
		if link != want {
			t.Errorf("with public URL %q the link is %q, want %q", public, link, want)
		}
		if strings.Count(d.Message.ID, "@") != 1 || strings.ContainsAny(d.Message.ID, "<> ") || !d.Message.Date.Equal(f.clock.Now()) {
			t.Errorf("the message has id %q and date %v", d.Message.ID, d.Message.Date)
		}
	}
}
