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

// routeTo is the route to a mail server of a test.
func routeTo(t testing.TB, server *mailtest.Server, options mailtest.Options) account.MailRoute {
	t.Helper()
	return account.MailRoute{Sender: "usher@example.org", SenderName: "Usher", Server: &account.MailServer{
		Host: server.Host(), Port: server.Port(), Security: account.MailSecurity(options.TLS), CA: server.CA(t),
		Account: options.Username, Password: secret.New(options.Password),
	}}
}

// A change of the route holds for the next message, in every direction.
func TestRouterFollowsTheRoute(t *testing.T) {
	options := credentials(mail.StartTLS)
	one, other := mailtest.Start(t, options), mailtest.Start(t, mailtest.Options{TLS: mail.ImplicitTLS})
	directory := filepath.Join(t.TempDir(), "mail")
	var route account.MailRoute
	var failure error
	router := mail.NewConfiguredSender(func(context.Context) (account.MailRoute, error) { return route, failure }, directory)
	send := func(to account.MailRoute) error {
		t.Helper()
		route = to
		return router.Send(t.Context(), &account.Delivery{MailID: 7, Attempt: 1, Message: recovery(t)})
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
		t.Errorf("with another password: %v", failed)
	}
	without := routeTo(t, one, options)
	without.Server.Password = secret.Text{}
	if failed, ok := errors.AsType[*mail.Failure](send(without)); !ok || failed.Cause != mail.CauseSettings || failed.Permanent {
		t.Errorf("without the password: %v", failed)
	}
	failure = errors.New("the database is away")
	if failed, ok := errors.AsType[*mail.Failure](send(route)); !ok || failed.Cause != mail.CauseSettings || failed.Permanent {
		t.Errorf("without a route: %v", failed)
	}
	if len(one.Messages()) != 2 || len(other.Messages()) != 1 {
		t.Errorf("%d and %d messages have arrived", len(one.Messages()), len(other.Messages()))
	}
}

func TestCourier(t *testing.T) {
	options := credentials(mail.StartTLS)
	server := mailtest.Start(t, options)
	courier := mail.TestSender{Directory: t.TempDir()}
	route := routeTo(t, server, options)
	if cause := courier.Deliver(t.Context(), route, recovery(t)); cause != "" {
		t.Fatal(cause)
	}
	server.WaitForMessage(t, 1)
	for code, want := range map[int]string{550: mail.CauseRecipient, 451: mail.CauseRecipient} {
		server.Refuse(mailtest.Rcpt, code)
		if cause := courier.Deliver(t.Context(), route, recovery(t)); cause != want {
			t.Errorf("refused with %d: %q, want %q", code, cause, want)
		}
	}
	server.Refuse(mailtest.Rcpt, 0)
	route.Server.CA = ""
	if cause := courier.Deliver(t.Context(), route, recovery(t)); cause != mail.CauseCertificate {
		t.Errorf("a certificate of nobody: %q", cause)
	}
	route.Server.Host = "169.254.169.254"
	if cause := courier.Deliver(t.Context(), route, recovery(t)); cause != mail.CauseSettings {
		t.Errorf("a link-local server: %q", cause)
	}
}
