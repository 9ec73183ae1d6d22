package mail_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/account"
	"github.com/seed-3a99a2fe/usher/internal/mail"
	"github.com/seed-3a99a2fe/usher/internal/mail/mailtest"
	"github.com/seed-3a99a2fe/usher/internal/secret"
)

// routeTo returns a route to the test's mail server.
func routeTo(t testing.TB, server *mailtest.Server, options mailtest.Options) account.MailRoute {
	t.Helper()
	return account.MailRoute{Sender: "usher@example.org", SenderName: "Usher", Server: &account.MailServer{
		Host: server.Host(), Port: server.Port(), Security: account.MailSecurity(options.TLS), CA: server.CA(t),
		Account: options.Username, Password: secret.New(options.Password),
	}}
}

// A change of the route applies to the next message: to another server, to files, and back to
// a server.
func TestConfiguredSenderFollowsTheRoute(t *testing.T) {
	options := credentials(mail.StartTLS)
	one, other := mailtest.Start(t, options), mailtest.Start(t, mailtest.Options{TLS: mail.ImplicitTLS})
	directory := filepath.Join(t.TempDir(), "mail")
	var route account.MailRoute
	var failure error // error of reading the route
	currentRoute := func(context.Context) (account.MailRoute, error) { return route, failure }
	sender := mail.NewConfiguredSender(currentRoute, directory)
	send := func(to account.MailRoute) error {
		t.Helper()
		route = to
		return sender.Send(t.Context(), &account.Delivery{MailID: 7, Attempt: 1, Message: recoveryMessage(t)})
	}
	for n := 1; n <= 2; n++ {
		if err := send(routeTo(t, one, options)); err != nil {
			t.Fatal(err)
		}
		one.WaitForMessage(t, n)
	}
	if err := send(routeTo(t, other, mailtest.Options{TLS: mail.ImplicitTLS})); err != nil {
		t.Fatal(err)
	}
	other.WaitForMessage(t, 1)
	if err := send(account.MailRoute{Sender: "usher@example.org"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(directory, "000007.eml")); err != nil {
		t.Error(err)
	}
	mistyped := routeTo(t, one, options)
	mistyped.Server.Password = secret.New("mistyped")
	if failed, ok := errors.AsType[*mail.Failure](send(mistyped)); !ok || failed.Cause != mail.CauseLogin {
		t.Errorf("with a wrong password: %v", failed)
	}
	without := routeTo(t, one, options)
	without.Server.Password = secret.Text{}
	failed, ok := errors.AsType[*mail.Failure](send(without))
	if !ok || failed.Cause != mail.CauseSettings || failed.Permanent {
		t.Errorf("without the password: %v", failed)
	}
	failure = errors.New("the database is unavailable")
	failed, ok = errors.AsType[*mail.Failure](send(route))
	if !ok || failed.Cause != mail.CauseSettings || failed.Permanent {
		t.Errorf("without a route: %v", failed)
	}
	if len(one.Messages()) != 2 || len(other.Messages()) != 1 {
		t.Errorf("%d and %d messages have arrived", len(one.Messages()), len(other.Messages()))
	}
}

func TestTestSender(t *testing.T) {
	options := credentials(mail.StartTLS)
	server := mailtest.Start(t, options)
	sender := mail.TestSender{Directory: t.TempDir()}
	route := routeTo(t, server, options)
	if cause := sender.Deliver(t.Context(), route, recoveryMessage(t)); cause != "" {
		t.Fatal(cause)
	}
	server.WaitForMessage(t, 1)
	for code, want := range map[int]string{550: mail.CauseRecipient, 451: mail.CauseRecipient} {
		server.Refuse(mailtest.Rcpt, code)
		if cause := sender.Deliver(t.Context(), route, recoveryMessage(t)); cause != want {
			t.Errorf("refused with %d: %q, want %q", code, cause, want)
		}
	}
	server.Refuse(mailtest.Rcpt, 0)
	route.Server.CA = ""
	if cause := sender.Deliver(t.Context(), route, recoveryMessage(t)); cause != mail.CauseCertificate {
		t.Errorf("an untrusted certificate: %q", cause)
	}
	route.Server.Host = "169.254.169.254"
	if cause := sender.Deliver(t.Context(), route, recoveryMessage(t)); cause != mail.CauseSettings {
		t.Errorf("a link-local server: %q", cause)
	}
}
