package signin_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-3a99a2fe/usher/internal/console/consoletest"
)

// TestForgottenPassword checks that the response is the same for every valid address, so that it
// doesn't reveal which addresses have an account.
func TestForgottenPassword(t *testing.T) {
	s := consoletest.New(t)
	s.AddUser("ada@example.org")
	signedIn := s.SignedInAs("ada@example.org")
	for _, b := range []*consoletest.Browser{s.Visitor(), signedIn} {
		b.Get("/forgotten-password").Want(t, 200, "Forgotten password", `autocomplete="username"`)
		var pages []string
		for _, email := range []string{"ada@example.org", "nobody@example.org", " Ada@Example.org "} {
			b.Get("/forgotten-password")
			a := b.Post("/forgotten-password", url.Values{"email": {email}})
			a.Want(t, 303)
			if strings.Contains(a.Body+a.Header.Get("Location"), "@") {
				t.Errorf("the answer names the address: %v", a.Header)
			}
			view := b.Get(a.Header.Get("Location"))
			view.Want(t, 200, "If there is an account with the address", "No message after a few minutes?")
			pages = append(pages, view.Body)
		}
		if pages[0] != pages[1] || pages[0] != pages[2] {
			t.Errorf("the pages differ:\n%s\n%s", pages[0], pages[1])
		}
	}
	mails := consoletest.Must(s.ListMail(t.Context(), s.Principal(consoletest.AdminEmail)))
	if len(mails) != 6 {
		t.Errorf("%d messages were requested", len(mails))
	}
}

func TestForgottenPasswordRefuses(t *testing.T) {
	s := consoletest.New(t)
	b := s.Visitor()
	b.Get("/forgotten-password").Want(t, 200, `href="/sign-in"`)
	for _, email := range []string{"", "ada", "ada@", "a b@example.org"} {
		b.Post("/forgotten-password", url.Values{"email": {email}}).Want(t, 422, "Must be an e-mail address.",
			`id="email-fault"`)
	}
	b.Post("/forgotten-password", url.Values{"email": {"ada@example.org"}, "formToken": {"x"}}).Want(t, 403)
	for range 20 {
		b.Post("/forgotten-password", url.Values{"email": {"ada@example.org"}}).Want(t, 303)
	}
	b.Get("/forgotten-password")
	a := b.Post("/forgotten-password", url.Values{"email": {"ada@example.org"}})
	a.Want(t, 429, "Too many attempts. Wait before you try again. Try again in 60 minutes.", `value="ada@example.org"`)
	if a.Header.Get("Retry-After") != "3600" {
		t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
	}
}
